"""A run as one watches it: chart or progress, result, numbers, samples, machine, log."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer

from engine.run.alarm import Alarm
from engine.run.events import Evaluated, Event, Sample, Started, Unknown, Warned
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
from tui.screens.train.notes_pane import NotesPane
from tui.widgets.log_pane import LogPane
from tui.widgets.machine_panel import MachinePanel
from tui.widgets.plain_static import PlainStatic

Face = Literal["notes", "machine"]
"""What can take the chart's place."""
_NOTED = {Evaluated, Sample, Started, Unknown, Warned}
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

    def __init__(self, charset: Charset = "braille") -> None:
        super().__init__()
        self.run: Run | None = None
        """The run that is shown; None while one is set up."""
        self.settings: RunSettings | None = None
        """The run's."""
        self.summary = Summary()
        self.alarms: Sequence[Alarm] = ()
        self.chart, self.notes = LossChart(charset), NotesPane()
        self._speed = Speed()
        self._time_left: TimeLeft | None = None
        self._caught_up = False
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        with Horizontal():
            with Vertical(id="main"):
                yield self.chart
                with Vertical(id="progress"):
                    yield PlainStatic(id="phase")
                    yield PlainStatic(id="scores")
                yield PlainStatic(id="alarm")
                yield PlainStatic(id="closing")
                yield LogPane()
            with Vertical(id="side"):
                yield MachinePanel()
                yield self.notes
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
        self.run, self.settings = run, settings
        self._time_left = TimeLeft(settings.profile)
        self.summary = Summary()
        self._speed = Speed()
        self.chart.clear(settings)
        self.add_class("-no-curve")
        self._caught_up = False
        self.set_class(False, "-active")
        self.query_one(MachinePanel).watch_worker_of(run)
        self.query_one(LogPane).tail(run.log_path)
        self.warn(())
        self.notes.begin(self.history)
        self._show_closing()
        self.refresh_numbers()

    def leave(self) -> None:
        """Show no run any more."""
        self.run = self.settings = None
        self.chart.clear()
        self.notes.begin(None)
        if self._timer is not None:
            self._timer.pause()

    def extend(self, events: list[Event], summary: Summary, caught_up: bool = True) -> None:
        """Take in what is new; an old run is drawn once all of it was read."""
        before, self.summary = self.summary.status, summary
        kinds = self.chart.extend(events)
        self._speed.extend(events)
        if self._time_left is not None:
            self._time_left.extend(events)
        self.set_class(not (self.trains and self.chart.curve), "-no-curve")
        if kinds & _NOTED:
            self.notes.show(self.alarms)
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
            self.notes.show(alarms)
        self._show_closing()

    @property
    def trains(self) -> bool:
        """Is it a run that trains?"""
        return self.settings is not None and self.settings.job == "train"

    @property
    def has_model(self) -> bool:
        """Has the run trained something that can translate?"""
        return self.run is not None and has_adapter(self.run)

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

    # What keys do

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There must be a run."""
        return self.run is not None

    def action_notes(self) -> None:
        """Samples in the chart's place, where there is no room for both; and back."""
        self._put_in_place(None if self.has_class("-notes") else "notes")

    def action_machine(self) -> None:
        """The machine in the chart's place, where there is no room for both; and back."""
        self._put_in_place(None if self.has_class("-machine") else "machine")

    @on(NotesPane.Sought)
    def _bring_up_notes(self) -> None:
        self._put_in_place("notes")

    def _put_in_place(self, face: Face | None) -> None:
        self.set_class(face == "notes", "-notes")
        self.set_class(face == "machine", "-machine")
        self.query_one(MachinePanel).call_after_refresh(self.query_one(MachinePanel).look)

    def _show_progress(self) -> None:
        phase, last = progress(self.summary), self.history.last
        self.query_one("#phase", PlainStatic).say(phase)
        self.query_one("#phase").display = bool(phase)
        self.query_one("#scores", PlainStatic).say(run_result.scores(last) if last else "")

    def _show_closing(self) -> None:
        said = Content("")
        if self.run is not None and not self.summary.status.active:
            said = run_result.closing(
                self.summary, self.history, self.run, self.alarms, self.chart.references
            )
            if not self.is_gone and self.summary.status is not Status.WAITING:
                said = Content("\n").join(
                    [*([said] if said else []), run_result.next_steps(self.has_model)]
                )
        closing = self.query_one("#closing", PlainStatic)
        closing.say(said)
        closing.set_class(bool(said), "-said")
