"""What is noted of a run beside its chart: alarms, warnings, samples, evaluations."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static

from engine.run.alarm import Alarm
from engine.run.history import History
from tui.screens.train import run_result
from tui.screens.train.samples import SampleView
from tui.widgets.plain_static import PlainStatic


class NotesPane(VerticalScroll):
    """Its keys choose samples."""

    class Sought(Message):
        """A key chose other samples, and the pane has no room to show them."""

    def __init__(self) -> None:
        super().__init__(id="notes-pane")
        self._history: History | None = None
        """Of the run that is shown; None where none is."""
        self._alarms: Sequence[Alarm] = ()
        self._samples = SampleView()

    def compose(self) -> ComposeResult:
        yield PlainStatic(id="notes")

    def begin(self, history: History | None) -> None:
        """Note another run, or none; the samples are the newest."""
        self._history, self._samples = history, SampleView()
        self.show(())

    def show(self, alarms: Sequence[Alarm]) -> None:
        """Bring it up to what is known of the run, and wrong with it."""
        self._alarms = alarms
        if self._history is not None:
            shown = run_result.side_notes(self._history, self._samples, alarms)
            self.query_one("#notes", Static).update(shown)

    # What keys do

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There must be a run."""
        return self._history is not None

    def action_sample(self, by: int) -> None:
        """Samples of another evaluation."""
        if self._history is not None:
            self._choose(self._samples.moved(self._history, by))

    def action_sample_item(self) -> None:
        """One sample through the run."""
        if self._history is not None:
            self._choose(self._samples.with_next_item(self._history))

    def _choose(self, samples: SampleView) -> None:
        self._samples = samples
        self.show(self._alarms)
        if not self.size:
            self.post_message(self.Sought())
