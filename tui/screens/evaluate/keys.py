"""The keys of the Evaluate screen."""

from __future__ import annotations

from textual.binding import Binding, BindingType

KEYS: list[BindingType] = [
    Binding("enter", "sample", "Sample", id="evaluate.sample", show=False,
            tooltip="Read the highlighted sample over the whole screen"),
    Binding("s", "start", "Score", id="evaluate.start",
            tooltip="Start the evaluation that is set up"),
    Binding("enter", "start", "Score", id="evaluate.begin", show=False,
            tooltip="Start the evaluation that is set up"),
    Binding("x", "stop", "Stop", id="evaluate.stop",
            tooltip="Let the worker stop; again: kill it"),
    Binding("o", "open", "Open", id="evaluate.open",
            tooltip="Read the result of an evaluation made before"),
    Binding("p", "choose('profile')", "Profile", id="evaluate.profile", show=False,
            tooltip="Score a profile's base model"),
    Binding("r", "choose('run')", "Run", id="evaluate.run", show=False,
            tooltip="Score what a run has trained"),
    Binding("c", "choose('checkpoint')", "State", id="evaluate.checkpoint", show=False,
            tooltip="Choose the run's result or one of its checkpoints"),
    Binding("g", "choose('strategy')", "Strategy", id="evaluate.strategy", show=False,
            tooltip="Choose zero-shot, few-shot or QLoRA"),
    Binding("f,t", "choose('test')", "Test file", id="evaluate.test", show=False,
            tooltip="Choose the file that is scored"),
    Binding("k", "choose('examples')", "Examples", id="evaluate.examples", show=False,
            tooltip="Choose how many examples a few-shot prompt holds"),
    Binding("S", "reverse", "Turn round", id="evaluate.reverse", key_display="S",
            show=False,
            tooltip="List the best samples first, or the worst again"),
    Binding("d", "details", "Details", id="evaluate.details", show=False,
            tooltip="Read every score with its interval, the faults and all definitions"),
    Binding("v", "versus", "Versus", id="evaluate.versus",
            tooltip="Put another run's answers beside these, and sort by what changed"),
    Binding("b", "order", "Sort by", id="evaluate.order", show=False,
            tooltip="Sort the samples by perplexity, by change, by chrF, or as in the file"),
    Binding("space", "mark", "Mark", id="evaluate.mark", show=False, key_display="space",
            tooltip="Mark the sample, to write it to a file"),
    # Priority: over a slow line words may follow in the same packet, and are not commands.
    Binding("slash", "search", "Find", id="evaluate.search", show=False, key_display="/",
            priority=True,
            tooltip="Show the samples in which every word typed occurs, outputs included"),
    Binding("escape", "show_all", "Show all", id="evaluate.all", show=False,
            tooltip="Take the search away; pressed again, the marks"),
    Binding("w", "write", "Write file", id="evaluate.write", show=False,
            tooltip="Write the marked samples, else all shown: JSON or Markdown"),
]  # fmt: skip
