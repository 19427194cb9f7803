"""A run as one watches it: chart or progress, result, numbers, samples, warnings."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from engine.events import Event
from engine.runs import Run, RunSettings
from engine.summary import Summary
from tui.pace import progress
from tui.screens.train import run_result
from tui.screens.train.loss_chart import LossChart
from tui.screens.train.story import Story
from tui.widgets.run_status import RunStatus


class RunView(Vertical):
    """Fed with events by the screen; redraws its numbers once a second while the run is active."""

    DEFAULT_CSS = """
    RunView {
        Horizontal { height: 1fr; }
        #main { width: 1fr; padding: 0 1; }
        #progress { height: auto; display: none; padding: 1 1; }
        #closing { height: auto; max-height: 6; padding: 0 1; display: none; }
        #closing.-said { display: block; }
        #side { width: 42; padding: 0 1; border-left: vkey $panel; display: none; }
        #side Static { height: auto; }
        &.-no-curve LossChart { display: none; }
        &.-no-curve #progress { display: block; height: 1fr; }
        &.-notes #main { display: none; }
        &.-notes #side { display: block; width: 1fr; border-left: none; }
    }
    """

    class Refreshed(Message):
        """A second went by in an active run."""

    def __init__(self) -> None:
        super().__init__()
        self.story = Story()
        self.summary = Summary()
        self._run: Run | None = None
        self._trains = False
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        with Horizontal():
            with Vertical(id="main"):
                yield LossChart()
                yield _plain("progress")
                yield _plain("closing")
            with VerticalScroll(id="side"):
                yield _plain("notes")
        yield RunStatus()

    def on_mount(self) -> None:
        """Time goes on between events."""
        self._timer = self.set_interval(1.0, self.refresh_numbers, pause=True)

    def begin(self, run: Run, settings: RunSettings) -> None:
        """Show another run, from nothing."""
        self._run = run
        self.story, self.summary = Story(), Summary()
        self.query_one(LossChart).clear()
        self._trains = settings.job == "train"
        self.add_class("-no-curve")
        self._show_notes()
        self._show_closing()
        self.refresh_numbers()

    def extend(self, events: list[Event], summary: Summary) -> None:
        """Take in what is new."""
        before, self.summary = self.summary.status, summary
        chart = self.query_one(LossChart)
        chart.extend(events)
        self.set_class(not (self._trains and chart.curve), "-no-curve")
        if self.story.extend(events):
            self._show_notes()
        if summary.status.active:
            assert self._timer is not None
            self._timer.resume()
        if summary.status is not before:
            self._show_closing()
            self.refresh_numbers()

    def refresh_numbers(self) -> None:
        """Bring the status line, and an evaluation's progress, up to now."""
        self.query_one(RunStatus).show(self.summary, self.query_one(LossChart).curve)
        self.post_message(self.Refreshed())
        if self.has_class("-no-curve"):
            self._show_progress()
        if not self.summary.status.active and self._timer is not None:
            self._timer.pause()
            self.query_one(LossChart).redraw()

    def toggle_notes(self) -> None:
        """Where there is no room for both: the notes in the chart's place, and back."""
        self.toggle_class("-notes")

    def _show_progress(self) -> None:
        blocks = [progress(self.summary)]
        if self.story.last is not None:
            blocks.append(run_result.scores(self.story.last))
        shown = Content("\n\n").join(block for block in blocks if block)
        self.query_one("#progress", Static).update(shown, layout=False)

    def _show_notes(self) -> None:
        self.query_one("#notes", Static).update(run_result.side_notes(self.story))

    def _show_closing(self) -> None:
        said = Content("")
        if self._run is not None and not self.summary.status.active:
            said = run_result.closing(self.summary, self.story, self._run)
        closing = self.query_one("#closing", Static)
        closing.update(said)
        closing.set_class(bool(said), "-said")


def _plain(name: str) -> Static:
    """A text that is never markup, and not repainted as the mouse passes."""
    widget = Static(id=name, markup=False)
    widget.auto_links = False
    return widget
