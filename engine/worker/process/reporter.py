"""A worker's way to speak: events, progress at a bearable rate, requests to stop."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType

from engine.language.said import Words
from engine.run.events import Event, Phase, Warned, worded
from engine.worker.process.log_book import LogBook


class StopRequested(Exception):
    """The user asked the run to stop; raised between two units of work."""


class Reporter:
    """Hands events on, and remembers a SIGTERM or SIGINT until the work can be left in order."""

    def __init__(self, emit: Callable[[Event], None], log: LogBook | None = None) -> None:
        self._emit = emit
        self._log = log
        self.stopping = False
        self.doing = ""
        """The phase in hand; empty between phases, while steps are taken."""
        self._last_progress = 0.0

    def emit(self, event: Event) -> None:
        """Report an event: to whoever follows the run, and to its log."""
        self._emit(event)
        if self._log is not None:
            self._log.tell(event)

    def catch_signals(self) -> None:
        """From now on SIGTERM and SIGINT ask to stop instead of killing."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def phase(self, name: str, done: int = 0, of: int = 0) -> None:
        """Say what is being done, and how far it is: at most four times a second."""
        self.doing = name
        now = time.monotonic()
        if of and 0 < done < of and now - self._last_progress < 0.25:
            return
        self._last_progress = now
        self.emit(Phase(name=name, done=done, of=of))

    def warn(self, message: Words, hint: Words = "") -> None:
        """Say something the user should know."""
        self.emit(Warned(**worded(message=message, hint=hint)))

    def check_stop(self) -> None:
        """Raise StopRequested if the user asked for it."""
        if self.stopping:
            raise StopRequested

    def stop_requested(self) -> bool:
        """Has the user asked to stop?"""
        return self.stopping
