"""The keys of the Evaluate screen."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from engine.language.texts import _
from tui.run.queue import queue_keys

KEYS: list[BindingType] = [
    Binding("enter", "sample", _("Sample"), id="evaluate.sample", show=False,
            tooltip=_("Read the highlighted sample over the whole screen")),
    Binding("s", "start", _("Score"), id="evaluate.start",
            tooltip=_("Start the evaluation that is set up")),
    Binding("enter", "start", _("Score"), id="evaluate.begin", show=False,
            tooltip=_("Start the evaluation that is set up")),
    Binding("x", "stop", _("Stop"), id="evaluate.stop",
            tooltip=_("Let the worker stop; again: kill it")),
    Binding("o", "open", _("Open"), id="evaluate.open",
            tooltip=_("Read the result of an evaluation made before")),
    Binding("p", "choose('profile')", _("Profile"), id="evaluate.profile", show=False,
            tooltip=_("Score a profile's base model")),
    Binding("r", "choose('run')", _("Run"), id="evaluate.run", show=False,
            tooltip=_("Score what a run has trained")),
    Binding("c", "choose('checkpoint')", _("State"), id="evaluate.checkpoint", show=False,
            tooltip=_("Choose the run's result or one of its checkpoints")),
    Binding("z", "choose('strategy')", _("Strategy"), id="evaluate.strategy", show=False,
            tooltip=_("Choose zero-shot, few-shot or QLoRA")),
    Binding("f", "choose('test')", _("Test file"), id="evaluate.test", show=False,
            tooltip=_("Choose the file that is scored")),
    Binding("E", "choose('examples')", _("Examples"), id="evaluate.examples", show=False,
            key_display="E",
            tooltip=_("Choose how many examples a few-shot prompt holds")),
    Binding("W", "choose('selection')", _("Which examples"), id="evaluate.selection", show=False,
            key_display="W",
            tooltip=_("Choose how examples are chosen: drawn once, or most like each item")),
    Binding("N", "choose('seed')", _("Seed"), id="evaluate.seed", show=False, key_display="N",
            tooltip=_("Draw other examples: the seed of the draw")),
    *queue_keys("evaluate"),
    Binding("B", "reverse", _("Turn round"), id="evaluate.reverse", key_display="B",
            show=False,
            tooltip=_("List the best samples first, or the worst again")),
    Binding("d", "details", _("Details"), id="evaluate.details", show=False,
            tooltip=_("Read every score with its interval, the faults and all definitions")),
    Binding("v", "versus", _("Versus"), id="evaluate.versus",
            tooltip=_("Put another run's answers beside these, and sort by what changed")),
    Binding("b", "order", _("Sort by"), id="evaluate.order", show=False,
            tooltip=_("Sort the samples by perplexity, change, chrF, faults, or as in the file")),
    Binding("exclamation_mark", "faulty", _("Faults"), id="evaluate.faulty", key_display="!",
            show=False, tooltip=_("Show only samples whose outputs have faults, or all again")),
    Binding("D", "direction", _("Direction"), id="evaluate.direction", key_display="D", show=False,
            tooltip=_("Show the samples of one direction, of the other, of both")),
    Binding("space", "mark", _("Mark"), id="evaluate.mark", show=False, key_display="space",
            tooltip=_("Mark the sample, to write it to a file")),
    # Priority: over a slow line words may follow in the same packet, and are not commands.
    Binding("slash", "search", _("Find"), id="evaluate.search", show=False, key_display="/",
            priority=True,
            tooltip=_("Show the samples in which every word typed occurs, outputs included")),
    Binding("escape", "show_all", _("Show all"), id="evaluate.all", show=False,
            tooltip=_("Take the search away; pressed again, the marks")),
    Binding("w", "write", _("Write file"), id="evaluate.write", show=False,
            tooltip=_("Write the marked samples, else all shown: JSON or Markdown")),
]  # fmt: skip
