"""A run as one watches it: chart or progress, result, numbers, samples, machine, log."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from textual import getters
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from engine.run.alarm import Alarm
from engine.run.events import Evaluated, Event, Sample, Started, Warned
from engine.run.folder import Run
from engine.run.history import History
from engine.run.settings import RunSettings
from engine.run.summary import Status, Summary
from engine.run.time_left import TimeLeft
from tui.chart.charset import Charset
from tui.run.model_choice import has_adapter
from tui.run.phase_bar import progress
from tui.run.status import RunStatus, Speed
from tui.screens.train import run_result
from tui.screens.train.loss_chart import LossChart
from tui.screens.train.samples import SampleView
from tui.widgets.log_pane import LogPane
from tui.widgets.machine_panel import MachinePanel
from tui.widgets.plain_static import PlainStatic

Face = Literal["notes", "machine"]
"""What can take the chart's place."""
_NOTED = {Evaluated, Sample, Started, Warned}
"""Events that may change the notes."""


class RunView(Vertical):
    """Fed with events by the screen; redraws its numbers once a second while the run is active."""

    DEFAULT_CSS = """
    RunView {
        Horizontal { height: 1fr; }
        #main { width: 1fr; padding: 0 1; }
        #progress { height: 1fr; display: none; padding: 1 1; }
        #progress PlainStatic { height: auto; margin-bottom: 1; }
        #alarm { height: auto; max-height: 2; padding: 0 1; display: none; }
        #alarm.-said { display: block; }
        #closing { height: auto; max-height: 6; padding: 0 1; display: none; }
        #closing.-said { display: block; }
        LogPane { display: none; padding: 0 1; border-top: hkey $panel; height: 7; }
        #side { width: 42; padding: 0 1; border-left: vkey $panel; display: none; }
        #side Static { height: auto; }
        MachinePanel { display: none; margin-bottom: 1; }
        &.-no-curve LossChart { display: none; }
        &.-no-curve #progress { display: block; }
        &.-notes, &.-machine {
            #main { display: none; }
            #side { display: block; width: 1fr; border-left: none; }
        }
        &.-machine MachinePanel { display: block; }
        &.-machine #notes-pane { display: none; }
    }
    """

    class Refreshed(Message):
        """A second went by in an active run."""

    chart = getters.query_one(LossChart)
    notes = getters.query_one("#notes-pane", VerticalScroll)

    def __init__(self, charset: Charset = "braille") -> None:
        super().__init__()
        self.summary = Summary()
        self.alarms: Sequence[Alarm] = ()
        self._charset: Charset = charset
        self._samples = SampleView()
        self._speed = Speed()
        self._run: Run | None = None
        self._time_left: TimeLeft | None = None
        self._trains = False
        self._caught_up = False
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        with Horizontal():
            with Vertical(id="main"):
                yield LossChart(self._charset)
                with Vertical(id="progress"):
                    yield PlainStatic(id="phase")
                    yield PlainStatic(id="scores")
                yield PlainStatic(id="alarm")
                yield PlainStatic(id="closing")
                yield LogPane()
            with Vertical(id="side"):
                yield MachinePanel()
                with VerticalScroll(id="notes-pane"):
                    yield _plain("notes")
        yield RunStatus()

    def on_mount(self) -> None:
        """Time goes on between events."""
        self._timer = self.set_interval(1.0, self.refresh_numbers, pause=True)

    @property
    def history(self) -> History:
        """What counts of the run's events."""
        return self.chart.curve.history

    def begin(self, run: Run, settings: RunSettings) -> None:
        """Show another run, from nothing."""
        self._run = run
        self._time_left = TimeLeft(settings.profile)
        self.summary = Summary()
        self._samples = SampleView()
        self._speed = Speed()
        self.chart.clear(chosen_by_test=settings.profile.evaluation.choose_by == "test")
        self._trains = settings.job == "train"
        self.add_class("-no-curve")
        self._caught_up = False
        self.set_class(False, "-active")
        self.query_one(MachinePanel).watch_worker_of(run)
        self.query_one(LogPane).tail(run.log_path)
        self.warn(())
        self._show_notes()
        self._show_closing()
        self.refresh_numbers()

    def extend(self, events: list[Event], summary: Summary, caught_up: bool = True) -> None:
        """Take in what is new; an old run is drawn once all of it was read."""
        before, self.summary = self.summary.status, summary
        kinds = self.chart.extend(events)
        self._speed.extend(events)
        if self._time_left is not None:
            self._time_left.extend(events)
        self.set_class(not (self._trains and self.chart.curve), "-no-curve")
        if kinds & _NOTED:
            self._show_notes()
        if summary.status.active:
            assert self._timer is not None
            self._timer.resume()
        if caught_up:
            self.chart.end(not summary.status.active)
        if caught_up and not self._caught_up:
            self.chart.flush()
        self._caught_up = caught_up
        if summary.status is not before:
            self.set_class(summary.status.active, "-active")
            self._show_closing()
            self.refresh_numbers()

    def refer_to(self, references: Mapping[str, float]) -> None:
        """What the profile scores without training: on the chart, and beside the result."""
        self.chart.refer_to(references)
        self._show_closing()

    def warn(self, alarms: Sequence[Alarm]) -> None:
        """Say what is wrong, under the chart and in the notes."""
        if self.summary.status is Status.FINISHED:  # the result says so
            alarms = [alarm for alarm in alarms if alarm.kind != "worse"]
        if list(alarms) == list(self.alarms):
            return
        others, self.alarms = list(self.alarms[1:]), alarms
        line = self.query_one("#alarm", PlainStatic)
        line.say(run_result.alarm_line(alarms))
        line.set_class(bool(alarms), "-said")
        if list(alarms[1:]) != others:
            self._show_notes()
        self._show_closing()

    @property
    def has_model(self) -> bool:
        """Has the run trained something that can translate?"""
        return self._run is not None and has_adapter(self._run)

    @property
    def is_gone(self) -> bool:
        """Has the run's folder been deleted or moved?"""
        return any(alarm.kind == "gone" for alarm in self.alarms)

    def refresh_numbers(self) -> None:
        """Bring the status line, and an evaluation's progress, up to now."""
        left = self._time_left.seconds if self._time_left else math.nan
        speed = self._speed.tokens_per_second
        self.query_one(RunStatus).show(self.summary, self.chart.curve, left, speed)
        self.post_message(self.Refreshed())
        if self.has_class("-no-curve"):
            self._show_progress()
        if not self.summary.status.active and self._timer is not None:
            self._timer.pause()
            self.chart.flush()

    def toggle_face(self, face: Face) -> None:
        """Where there is no room for both: notes or machine in the chart's place, and back."""
        others: tuple[Face, ...] = ("notes", "machine")
        for name in others:
            self.set_class(name == face and not self.has_class(f"-{name}"), f"-{name}")
        self.query_one(MachinePanel).call_after_refresh(self.query_one(MachinePanel).look)

    def step_samples(self, by: int) -> None:
        """Show the samples of another evaluation."""
        self._samples = self._samples.moved(self.history, by)
        self._bring_up_notes()

    def next_sample_item(self) -> None:
        """Follow one sample through the run."""
        self._samples = self._samples.with_next_item(self.history)
        self._bring_up_notes()

    def _bring_up_notes(self) -> None:
        self._show_notes()
        if not self.notes.size:
            self.toggle_face("notes")

    def _show_progress(self) -> None:
        phase, last = progress(self.summary), self.history.last
        self.query_one("#phase", PlainStatic).say(phase)
        self.query_one("#phase").display = bool(phase)
        self.query_one("#scores", PlainStatic).say(run_result.scores(last) if last else "")

    def _show_notes(self) -> None:
        shown = run_result.side_notes(self.history, self._samples, self.alarms)
        self.query_one("#notes", Static).update(shown)

    def _show_closing(self) -> None:
        said = Content("")
        if self._run is not None and not self.summary.status.active:
            said = run_result.closing(
                self.summary, self.history, self._run, self.alarms, self.chart.references
            )
            if not self.is_gone and self.summary.status is not Status.WAITING:
                said = Content("\n").join(
                    [*([said] if said else []), run_result.next_steps(self.has_model)]
                )
        closing = self.query_one("#closing", PlainStatic)
        closing.say(said)
        closing.set_class(bool(said), "-said")


def _plain(name: str) -> Static:
    """A text that is never markup, and not repainted as the mouse passes."""
    widget = Static(id=name, markup=False)
    widget.auto_links = False
    return widget
