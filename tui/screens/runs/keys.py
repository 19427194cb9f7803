"""The keys of the Runs screen."""

from __future__ import annotations

from textual.binding import Binding, BindingType

KEYS: list[BindingType] = [
    Binding("enter", "menu", "Actions", id="runs.menu",
            tooltip="Read all about the run, and choose what to do with it"),
    Binding("o", "open", "Open", id="runs.open", show=False,
            tooltip="Watch the run on Train, or read its result on Evaluate"),
    Binding("e", "evaluate", "Evaluate", id="runs.evaluate", show=False,
            tooltip="Score a file with what the run has trained"),
    Binding("t", "translate", "Translate", id="runs.translate", show=False,
            tooltip="Translate with what the run has trained"),
    Binding("x", "stop", "Stop", id="runs.stop", show=False,
            tooltip="Let the run finish its step, save and stop; again: kill it"),
    Binding("d", "delete", "Delete", id="runs.delete", show=False,
            tooltip="Remove the run's folder for good, after a question"),
    Binding("y", "copy", "Copy id", id="runs.copy", show=False,
            tooltip="Send the run's id to the clipboard of your own machine"),
    Binding("s", "sort", "Sort", id="runs.sort",
            tooltip="Choose the column to sort by; the same again turns the order round"),
    Binding("S", "reverse", "Turn round", id="runs.reverse", show=False, key_display="S",
            tooltip="Turn the order round"),
    # Priority: over a slow line words may follow in the same packet, and are not commands.
    Binding("slash", "filter", "Filter", id="runs.filter", key_display="/", priority=True,
            tooltip="Show the runs in which every word typed occurs"),
    Binding("escape", "show_all", "Show all", id="runs.all", show=False,
            tooltip="Take the filter away"),
    Binding("m", "more", "More", id="runs.more", show=False,
            tooltip="List a thousand older runs too"),
]  # fmt: skip
