"""The keys of the application, which every screen has."""

from __future__ import annotations

from textual.binding import Binding, BindingType

KEYS: list[BindingType] = [
    Binding("question_mark", "help", "Help", id="app.help", key_display="?",
            tooltip="List the keys of this screen"),
    Binding("f1,1", "mode('train')", "Train", id="app.train",
            tooltip="Start runs and watch them"),
    Binding("f2,2", "mode('evaluate')", "Evaluate", id="app.evaluate",
            tooltip="Score a profile or a trained run on a file"),
    Binding("f3,3", "mode('translate')", "Translate", id="app.translate",
            tooltip="Translate, base model and tuned ones side by side"),
    Binding("f4,4", "mode('runs')", "Runs", id="app.runs",
            tooltip="Compare all runs"),
    Binding("q", "leave", "Quit", id="app.leave",
            tooltip="Leave, after a question if something would be lost; runs go on"),
    Binding("ctrl+q", "quit", "Quit", id="app.quit", priority=True,
            tooltip="Leave at once; runs go on without the workbench"),
    Binding("ctrl+g", "errors", "Errors", id="app.errors", show=False,
            tooltip="Read in full what went wrong since the workbench was opened"),
    Binding("ctrl+c", "help_quit", "Copy, quit", id="app.break", show=False,
            system=True, tooltip="Copy a selection; pressed twice within 2 seconds, leave"),
    Binding("ctrl+z", "suspend_process", "To the shell", id="app.suspend", show=False,
            tooltip="Put the workbench in the background; `fg` brings it back"),
    # Priority: over a slow line words may follow in the same packet, and are not commands.
    Binding("colon", "command_palette", "palette", id="app.colon", priority=True,
            key_display=":", tooltip="Open the command palette"),
    Binding("ctrl+p", "command_palette", "palette", id="app.palette", priority=True,
            tooltip="Open the command palette"),
    # Whatever takes the arrow keys takes these, wherever nothing is typed.
    Binding("j", "press('down')", "Down", id="app.down", show=False, priority=True,
            tooltip="In every list and text: on by a line"),
    Binding("k", "press('up')", "Up", id="app.up", show=False, priority=True,
            tooltip="Back by a line"),
    Binding("g", "press('home')", "First", id="app.first", show=False, priority=True,
            tooltip="To the start"),
    Binding("G", "press('end')", "Last", id="app.last", show=False, priority=True,
            key_display="G", tooltip="To the end"),
    Binding("slash", "find", "Find", id="app.find", show=False, priority=True,
            key_display="/", tooltip="Find words in the list or text; or type in its field"),
]  # fmt: skip
