"""The keys of the Runs screen."""

from __future__ import annotations

from textual.binding import Binding, BindingType

KEYS: list[BindingType] = [
    Binding("enter", "menu", "Actions", id="runs.menu",
            tooltip="Read all about the run, and choose what to do with it"),
    Binding("space", "mark", "Mark", id="runs.mark", key_display="space",
            tooltip="Mark the run, to compare, overlay, export or delete several"),
    Binding("c", "compare", "Compare", id="runs.compare",
            tooltip="The marked runs side by side: scores, significance, differing settings"),
    Binding("l", "overlay", "Overlay", id="runs.overlay", show=False,
            tooltip="Lay the curves of the marked runs over each other on Train"),
    Binding("n", "note", "Name", id="runs.note",
            tooltip="Give the run a name, tags, a note"),
    # Priority: over a slow line words may follow in the same packet, and are not commands.
    Binding("slash", "filter", "Find", id="runs.filter", key_display="/", priority=True,
            tooltip="Find runs: words, strategy:qlora, ppl<20, tag:final, !status:failed, "
                    "lora.rank>8; all must hold"),
    Binding("escape", "show_all", "Show all", id="runs.all", show=False,
            tooltip="Take the query away; pressed again, the marks"),
    Binding("s", "sort", "Sort", id="runs.sort",
            tooltip="Choose the column to sort by; the same again turns the order round"),
    Binding("S", "reverse", "Turn round", id="runs.reverse", show=False, key_display="S",
            tooltip="Turn the order round"),
    Binding("less_than_sign", "step(-1)", "Column before", id="runs.before", show=False,
            key_display="<", tooltip="Sort by the column to the left"),
    Binding("greater_than_sign", "step(1)", "Column after", id="runs.after", show=False,
            key_display=">", tooltip="Sort by the column to the right"),
    Binding("k", "columns", "Columns", id="runs.columns", show=False,
            tooltip="Choose the columns; the choice is kept"),
    Binding("g", "group", "Group", id="runs.group", show=False,
            tooltip="Put the runs of one profile together, or not"),
    Binding("o", "open", "Open", id="runs.open", show=False,
            tooltip="Watch the run on Train, or read its result on Evaluate"),
    Binding("e", "evaluate", "Evaluate", id="runs.evaluate", show=False,
            tooltip="Score a file with what the run has trained"),
    Binding("t", "translate", "Translate", id="runs.translate", show=False,
            tooltip="Translate with what the run, or each of the marked runs, has trained"),
    Binding("x", "stop", "Stop", id="runs.stop", show=False,
            tooltip="Let the run finish its step, save and stop; again: kill it"),
    Binding("d", "delete", "Delete", id="runs.delete", show=False,
            tooltip="Delete the marked runs, else this one, after a question"),
    Binding("u", "undo", "Undo", id="runs.undo", show=False,
            tooltip="Bring back the run deleted last, until the workbench is left"),
    Binding("y", "copy", "Copy id", id="runs.copy", show=False,
            tooltip="Send the run's id to the clipboard of your own machine"),
    Binding("w", "export", "Write file", id="runs.export", show=False,
            tooltip="Write the table as it is shown: CSV, JSON or Markdown"),
    Binding("R", "report", "Report", id="runs.report", show=False, key_display="R",
            tooltip="Write a report of the marked runs, else this one: page, curve, samples"),
]  # fmt: skip
