"""What is going wrong in a run, found in its events: the same for live and for old runs."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.language.said import Said
from engine.machine import hardware
from engine.run import disk_alarms
from engine.run.alarm import Alarm
from engine.run.events import TERMINAL, Evaluated, Event, Failed, Step
from engine.run.history import worker_begins
from engine.run.losses import Losses
from engine.run.silence import Silence

_GONE = Alarm(
    "gone",
    Said("The run's folder is gone: it was deleted or moved"),
    Said("bring it back, or choose another run"),
)


class Alarms:
    """A fold over a run's events; ask it for what is wrong now."""

    def __init__(self) -> None:
        self._losses = Losses()
        self.silence = Silence()
        self.has_ended = False
        self._has_failed = False

    def extend(self, events: Iterable[Event]) -> None:
        """Take events in, in order."""
        for event in events:
            if isinstance(event, Step):  # long runs have a hundred thousand of them
                self._losses.take_step(event)
                self.silence.take_step(event.at)
                self.has_ended = self._has_failed = False
                continue
            if started := worker_begins(event):  # loading may take its time again
                self._losses.begin(started.steps, started.resumed_from)
                self.silence = Silence()
            elif isinstance(event, Evaluated) and event.part == "test":
                self._losses.take_score(event)
            if event.at > 0:  # else it is of a kind that this version does not know
                self.silence.take_other(event.at)
                self.has_ended = isinstance(event, TERMINAL)
                self._has_failed = isinstance(event, Failed)

    def find(
        self, *, now: float | None = None, free: int | None = None, need: int = 0
    ) -> list[Alarm]:
        """What is wrong, the worst first.

        `now` (seconds since the epoch) if a worker is at the run; `free` bytes on its disk and
        `need` bytes for the next checkpoint, where they are known.
        """
        found: list[Alarm | None] = [*self._losses.find()]
        if self._has_failed:  # which says itself what was no number
            found = [alarm for alarm in found if alarm and alarm.kind != "nan"]
        if not self.has_ended:
            if now is None:
                found.append(disk_alarms.full(free, need))
            else:
                found += [self.silence.find(now), disk_alarms.low(free, need)]
        return [alarm for alarm in found if alarm is not None]


class Watch:
    """Alarms of a run that is followed, with a look at its disk now and then."""

    DISK_SECONDS = 30.0

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._alarms = Alarms()
        self._free: int | None = None
        self._need = 0
        self._looked_at = -math.inf
        self._was_alive = False
        self._has_caught_up = False
        self._arrived: float | None = None
        """When an event came that was not there at first, by this machine's clock."""

    def extend(self, events: Sequence[Event]) -> None:
        """Take events in, in order."""
        self._alarms.extend(events)
        if events and self._has_caught_up:
            self._arrived = time.time()

    def find(self, *, alive: bool) -> list[Alarm]:
        """What is wrong now. Looks at the disk: call it where that may block."""
        self._has_caught_up = True
        if not alive and not self._folder.is_dir():
            return [_GONE]
        if not alive and self._alarms.has_ended:
            return self._alarms.find()
        if alive is not self._was_alive:
            self._was_alive, self._looked_at = alive, -math.inf
        if time.monotonic() - self._looked_at > self.DISK_SECONDS:
            self._looked_at = time.monotonic()
            self._free = hardware.free_disk(self._folder)
            self._need = disk_alarms.newest_checkpoint(self._folder / "checkpoints")
        now = self._now() if alive else None
        return self._alarms.find(now=now, free=self._free, need=self._need)

    def _now(self) -> float:
        """By the clock of the worker's machine, which may go otherwise than this one's."""
        if self._arrived is None:
            return time.time()
        return self._alarms.silence.last_at + time.time() - self._arrived
