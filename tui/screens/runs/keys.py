"""The keys of the Runs screen."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from engine.language import _

KEYS: list[BindingType] = [
    Binding("enter", "menu", _("Actions"), id="runs.menu",
            tooltip=_("Read all about the run, and choose what to do with it")),
    Binding("space", "mark", _("Mark"), id="runs.mark", key_display="space",
            tooltip=_("Mark the run, to compare, overlay, export or delete several")),
    Binding("c", "compare", _("Compare"), id="runs.compare",
            tooltip=_("The marked runs side by side: scores, significance, differing settings")),
    Binding("l", "overlay", _("Overlay"), id="runs.overlay", show=False,
            tooltip=_("Lay the curves of the marked runs over each other on Train")),
    Binding("n", "note", _("Name"), id="runs.note",
            tooltip=_("Give the run a name, tags, a note")),
    # Priority: over a slow line words may follow in the same packet, and are not commands.
    Binding("slash", "filter", _("Find"), id="runs.filter", key_display="/", priority=True,
            tooltip=_("Find runs: words, strategy:qlora, ppl<20, tag:final, !status:failed, "
                    "lora.rank>8; all must hold")),
    Binding("escape", "show_all", _("Show all"), id="runs.all", show=False,
            tooltip=_("Take the query away; pressed again, the marks")),
    Binding("s", "sort", _("Sort"), id="runs.sort",
            tooltip=_("Choose the column to sort by; the same again turns the order round")),
    Binding("S", "reverse", _("Turn round"), id="runs.reverse", show=False, key_display="S",
            tooltip=_("Turn the order round")),
    Binding("less_than_sign", "step(-1)", _("Column before"), id="runs.before", show=False,
            key_display="<", tooltip=_("Sort by the column to the left")),
    Binding("greater_than_sign", "step(1)", _("Column after"), id="runs.after", show=False,
            key_display=">", tooltip=_("Sort by the column to the right")),
    Binding("left", "scroll_columns(-1)", _("Columns back"), id="runs.left", show=False,
            tooltip=_("Show the columns that were passed; the first always stays")),
    Binding("right", "scroll_columns(1)", _("Columns on"), id="runs.right", show=False,
            tooltip=_("Show the columns further right, where there is no room for all")),
    Binding("k", "columns", _("Columns"), id="runs.columns", show=False,
            tooltip=_("Choose the columns; the choice is kept")),
    Binding("g", "group", _("Group"), id="runs.group", show=False,
            tooltip=_("Put the runs of one profile together, or not")),
    Binding("o", "open", _("Open"), id="runs.open", show=False,
            tooltip=_("Watch the run on Train, or read its result on Evaluate")),
    Binding("e", "evaluate", _("Evaluate"), id="runs.evaluate", show=False,
            tooltip=_("Score a file with what the run has trained")),
    Binding("t", "translate", _("Translate"), id="runs.translate", show=False,
            tooltip=_("Translate with what the run, or each of the marked runs, has trained")),
    Binding("x", "stop", _("Stop"), id="runs.stop", show=False,
            tooltip=_("Let the run finish its step, save and stop; again: kill it")),
    Binding("d", "delete", _("Delete"), id="runs.delete", show=False,
            tooltip=_("Delete the marked runs, else this one, after a question")),
    Binding("D", "delete_broken", _("Delete broken"), id="runs.broken", show=False,
            key_display="D", tooltip=_("Delete runs that cannot be read, after a question")),
    Binding("u", "undo", _("Undo"), id="runs.undo", show=False,
            tooltip=_("Bring back the run deleted last, until the workbench is left")),
    Binding("y", "copy", _("Copy id"), id="runs.copy", show=False,
            tooltip=_("Send the run's id to the clipboard of your own machine")),
    Binding("w", "export", _("Write file"), id="runs.export", show=False,
            tooltip=_("Write the table as it is shown: CSV, JSON or Markdown")),
    Binding("R", "report", _("Report"), id="runs.report", show=False, key_display="R",
            tooltip=_("Write a report of the marked runs, else this one: page, curve, samples")),
]  # fmt: skip
