"""A worker's way to speak: events, progress at a bearable rate, requests to stop."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import TypeVar

from engine.language.figures import clock
from engine.language.said import Said, Words
from engine.run.events import TERMINAL, WAITING_FOR_ROOM, Event, Phase, Warned, worded
from engine.worker.process.disk_room import DiskRoom, is_full
from engine.worker.process.log_book import LogBook

T = TypeVar("T")


_FULL = worded(
    message=Said("the disk of the runs is full: the run waits for room, and then goes on"),
    hint=Said("delete runs or other files that nobody needs, or stop the run"),
)


class StopRequested(Exception):
    """The user asked the run to stop; raised between two units of work."""


class Reporter:
    """Hands events on, and remembers a SIGTERM or SIGINT until the work can be left in order."""

    def __init__(
        self,
        emit: Callable[[Event], None],
        log: LogBook | None = None,
        room: DiskRoom | None = None,
    ) -> None:
        self._emit = emit
        self._log = log
        self._room = room
        self.stopping = False
        self.doing = ""
        """The phase in hand; empty between phases, while steps are taken."""
        self._last_progress = 0.0
        self._full_since = 0.0
        """When there was no room on the disk any more; 0 while there is."""

    def emit(self, event: Event) -> None:
        """Report an event: to whoever follows the run, and to its log."""
        self.patiently(lambda: self._append(event))
        self._tell_log(event)

    def emit_last(self, event: Event) -> None:
        """Report why the run ends, in the room that was kept for it."""
        if self._room is not None:
            self._room.release()
        with suppress(OSError):  # then nothing can be written any more
            self._emit(event)
        self._tell_log(event)

    def patiently(self, write: Callable[[], T]) -> T:
        """Do what may be done again from its beginning; where the disk is full, wait, then do so.

        Raises what `write` raises where the run is not to wait, or is asked to stop meanwhile.
        """
        while True:
            try:
                return write()
            except Exception as error:
                if self._room is None or not self._room.waits or not is_full(error):
                    raise
                self._wait(self._room)
                if self.stopping:
                    raise

    def _append(self, event: Event) -> None:
        """Before the first event that finds room again, say that there is some.

        What ends the run is written in the room that was kept for it.
        """
        if self._room is not None and isinstance(event, TERMINAL):
            self._room.release()
        if self._full_since and self._room is not None:
            waited = clock(time.time() - self._full_since)
            self._full_since = 0.0
            self._room.has_sufficed()
            self.warn(Said("the disk was full for {time}; the run goes on", time=waited))
            self.phase(self.doing or "training")
        self._emit(event)

    def _wait(self, room: DiskRoom) -> None:
        """Say once, in the room that was kept for it, that the disk is full; and wait."""
        room.release()
        if not self._full_since:
            self._full_since = time.time()
            for event in (Warned(**_FULL), Phase(name=WAITING_FOR_ROOM)):
                with suppress(OSError):
                    self._emit(event)
                self._tell_log(event)
        room.wait(self.stop_requested)

    def _tell_log(self, event: Event) -> None:
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
