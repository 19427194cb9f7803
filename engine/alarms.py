"""What is going wrong in a run, found in its events: the same for live and for old runs."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine import hardware
from engine.events import TERMINAL, Event, Started, Step
from engine.text import size

Kind = Literal["nan", "zero", "diverged", "silent", "disk"]

_RECENT = 20
"""Steps after which a bad loss no longer counts."""
_ZERO = 1e-7
_ZERO_STEPS = 3
_MEMORY = 2 / 31
"""Weight of a new loss in the mean that divergence is judged by: about thirty steps."""
_SPIKE = 3.0
"""A loss counts at most so many times the mean: one bad step is no divergence."""
_SETTLED = 10
"""Steps before the mean means something."""
_FACTOR, _NATS = 1.5, 0.5
"""A run has diverged if its mean loss is so many times, and so much, above its lowest mean …"""
_LONG, _LONG_SHARE = 20, 0.02
"""… for so many steps, and this share of those planned."""
_USUAL_INTERVALS = 10.0
"""Silence is noticed after so many usual intervals between events, …"""
_LONGEST_INTERVALS = 3.0
"""… three of the longest, …"""
_PATIENCE = 120.0
"""… and two minutes; seconds."""
_LOADING_PATIENCE = 900.0
"""While nothing is known about the pace: large weights from a slow disk take minutes."""
_LEAST_DISK = 500_000_000
"""Bytes that should be free whatever a checkpoint takes."""


@dataclass(frozen=True)
class Alarm:
    """Something is wrong, and what may help."""

    kind: Kind
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}"


class Alarms:
    """A fold over a run's events; ask it for what is wrong now."""

    def __init__(self) -> None:
        self._begin(0, 0)

    def _begin(self, planned: int, step: int) -> None:
        """Another worker: nothing that was noticed before counts."""
        self._planned, self._step = planned, step
        self._bad_at = self._bad_first = -math.inf
        self._zeros = 0
        self._mean = self._lowest = math.nan
        self._means = 0
        self._above_since: int | None = None
        self._last_at = math.nan
        self._usual = self._longest = math.nan
        self._is_active = False

    def extend(self, events: Iterable[Event]) -> None:
        """Take events in, in order."""
        for event in events:
            if isinstance(event, Step):
                self._take_step(event)
            elif isinstance(event, Started):
                self._begin(event.steps, event.resumed_from)
            self._take_time(event)

    def _take_time(self, event: Event) -> None:
        at = event.at
        if at <= 0:
            return  # of a kind that this version does not know
        if isinstance(event, TERMINAL):
            self._is_active = False
            return
        self._is_active = True
        interval = at - self._last_at
        self._last_at = at
        if not interval >= 0 or not self._means:  # nan, or still loading, which takes its own time
            return
        if math.isnan(self._usual):
            self._usual = self._longest = interval
        else:
            self._usual += 0.1 * (interval - self._usual)
            self._longest = max(self._longest, interval)

    def _take_step(self, event: Step) -> None:
        self._step, self._planned = event.step, event.of or self._planned
        loss = event.loss
        if not (math.isfinite(loss) and math.isfinite(event.grad_norm)):
            if event.step - self._bad_at > _RECENT:
                self._bad_first = event.step
            self._bad_at = event.step
            return
        self._zeros = self._zeros + 1 if abs(loss) < _ZERO else 0
        self._means += 1
        if self._means == 1:
            self._mean = loss
        else:
            held = min(loss, _SPIKE * abs(self._mean))
            self._mean += _MEMORY * (held - self._mean)
        if self._means < _SETTLED:
            return
        lowest = self._lowest
        if not self._mean >= lowest:  # lower, or the first
            self._lowest, self._above_since = self._mean, None
        elif self._mean > max(_FACTOR * lowest, lowest + _NATS):
            if self._above_since is None:
                self._above_since = event.step
        else:
            self._above_since = None

    def find(self, *, now: float | None = None, free: int | None = None, need: int = 0) -> list[Alarm]:
        """What is wrong, the worst first.

        `now` (seconds since the epoch) if a worker is at the run; `free` bytes on its disk and
        `need` bytes for the next checkpoint, where they are known.
        """
        found = [self._not_a_number(), self._zero(), self._diverged()]
        if now is not None and self._is_active:
            found += [self._silent(now), _disk(free, need)]
        return [alarm for alarm in found if alarm is not None]

    def _not_a_number(self) -> Alarm | None:
        if self._step - self._bad_at > _RECENT:
            return None
        once = self._bad_first == self._bad_at
        message = "Loss or gradient was no number at step {:,.0f}"
        if not once:
            message = "Loss or gradient is no number again and again since step {:,.0f}"
        return Alarm(
            "nan",
            message.format(self._bad_first),
            "lower training.learning_rate, or set model.dtype = float32",
        )

    def _zero(self) -> Alarm | None:
        if self._zeros < _ZERO_STEPS:
            return None
        return Alarm(
            "zero",
            f"Loss is 0 since step {self._step - self._zeros + 1:,}",
            "nothing is learned: look at the pairs and the prompt's template",
        )

    def _diverged(self) -> Alarm | None:
        since = self._above_since
        if since is None or self._step - since < max(_LONG, _LONG_SHARE * self._planned):
            return None
        return Alarm(
            "diverged",
            f"Loss is near {self._mean:.1f} since step {since:,} and was {self._lowest:.1f}",
            "stop the run and lower training.learning_rate",
        )

    def _silent(self, now: float) -> Alarm | None:
        silence = now - self._last_at
        patience = _LOADING_PATIENCE
        if not math.isnan(self._usual):
            usual, longest = self._usual, self._longest
            patience = max(_PATIENCE, _USUAL_INTERVALS * usual, _LONGEST_INTERVALS * longest)
        if not silence > patience:
            return None
        return Alarm(
            "silent",
            f"The worker has said nothing for {silence / 60:,.0f} minutes",
            "look at its log and at what else uses the machine",
        )


def _disk(free: int | None, need: int) -> Alarm | None:
    if free is None or free >= max(_LEAST_DISK, 2 * need):
        return None
    return Alarm(
        "disk",
        f"Only {size(free)} are free on the disk of the runs",
        "delete runs that nobody needs before the next checkpoint is due",
    )


class Watch:
    """Alarms of a run that is followed, with a look at its disk now and then."""

    DISK_SECONDS = 30.0

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._alarms = Alarms()
        self._free: int | None = None
        self._need = 0
        self._looked_at = -math.inf

    def extend(self, events: Iterable[Event]) -> None:
        """Take events in, in order."""
        self._alarms.extend(events)

    def find(self, *, alive: bool) -> list[Alarm]:
        """What is wrong now. Looks at the disk: call it where that may block."""
        if not alive:
            return self._alarms.find()
        if time.monotonic() - self._looked_at > self.DISK_SECONDS:
            self._looked_at = time.monotonic()
            self._free = hardware.free_disk(self._folder)
            self._need = _newest_checkpoint(self._folder / "checkpoints")
        return self._alarms.find(now=time.time(), free=self._free, need=self._need)


def _newest_checkpoint(folder: Path) -> int:
    """Bytes of the last checkpoint, which the next one will take too."""
    try:
        names = sorted(path for path in folder.glob("step-*") if path.is_dir())
        return sum(file.stat().st_size for file in names[-1].rglob("*")) if names else 0
    except OSError:
        return 0  # just being renamed into place

