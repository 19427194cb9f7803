"""What is going wrong in a run, found in its events: the same for live and for old runs."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.language.figures import number, size
from engine.language.said import Said
from engine.machine import hardware
from engine.run.events import TERMINAL, Evaluated, Event, Step
from engine.run.history import worker_begins

Kind = Literal["gone", "nan", "zero", "diverged", "silent", "disk", "worse"]

_HUGE = math.inf
"""What is neither below it nor above its opposite is no number that one can train with."""
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
_FAR, _FAR_NATS = 2.0, 2.0
"""Or if its loss is so many times, and so much, above what the untuned model scored …"""
_FAR_STEPS = 3
"""… for so many steps in a row: hardly ever a single pair is, no batch of a good run ever."""
_USUAL_INTERVALS = 10.0
"""Silence is noticed after so many usual intervals between events, …"""
_LONGEST_INTERVALS = 3.0
"""… three of the longest, …"""
_PATIENCE = 120.0
"""… and two minutes; seconds."""
_INTERVAL_MEMORY = 0.1
_LOADING_PATIENCE = 900.0
"""Seconds, while nothing is known about the pace: large weights from a slow disk take minutes."""
_LEAST_DISK = 500_000_000
"""Bytes that should be free whatever a checkpoint takes."""
_FULL_DISK = 1_000_000
"""With fewer bytes free, hardly an event can be written."""


@dataclass(frozen=True)
class Alarm:
    """Something is wrong, and what may help."""

    kind: Kind
    message: Said
    remedy: Said

    @property
    def said(self) -> Said:
        """Both in a line."""
        return Said("{message}; {remedy}", message=self.message, remedy=self.remedy)

    def __str__(self) -> str:
        return str(self.said)


class Alarms:
    """A fold over a run's events; ask it for what is wrong now."""

    def __init__(self) -> None:
        self._untuned = math.nan
        """Loss before training: the higher of the first step's and the test file's."""
        self._untuned_score = math.nan
        """Perplexity on the test file before training."""
        self._begin(0, 0)

    def _begin(self, planned: int, step: int) -> None:
        """Another worker: nothing that was noticed before counts."""
        self._planned, self._step = planned, step
        self._score = (step, math.nan)
        """The latest perplexity on the test file, and its step."""
        self._bad_at = self._bad_first = -math.inf
        self._zeros = 0
        self._mean = self._far_loss = math.nan
        self._means = self._far = 0
        self._start_from(self._untuned)
        self._above_since: int | None = None
        self.last_at = math.nan
        """When the last event was written, by the clock of the worker's machine."""
        self._usual, self._longest = math.nan, 0.0
        self.has_ended = False

    def _start_from(self, untuned: float) -> None:
        """Judge by this loss until there is a lower mean; not at all if it is nan."""
        self._untuned = self._lowest = untuned
        self._limit = max(_FACTOR * untuned, untuned + _NATS)
        """Above it the mean is too high …"""
        self._far_limit = max(_FAR * untuned, untuned + _FAR_NATS)
        """… and above this one every single loss."""

    def extend(self, events: Iterable[Event]) -> None:
        """Take events in, in order."""
        for event in events:
            if isinstance(event, Step):
                self._take_step(event)
                continue
            if started := worker_begins(event):  # loading may take its time again
                self._begin(started.steps, started.resumed_from)
            elif isinstance(event, Evaluated) and event.part == "test":
                self._score = (event.step, event.score.perplexity)
                if not event.step:
                    self._untuned_score = event.score.perplexity
                    self._start_from(math.log(max(1.0, event.score.perplexity_corpus)))
            if event.at > 0:  # else it is of a kind that this version does not know
                if self._means and event.at - self.last_at > self._longest:
                    self._longest = event.at - self.last_at
                self.last_at = event.at
                self.has_ended = isinstance(event, TERMINAL)

    def _take_step(self, event: Step) -> None:
        """Long runs have a hundred thousand of them, so it does little."""
        step, loss, at = event.step, event.loss, event.at
        interval, self.last_at = at - self.last_at, at
        if self._means > 1:  # before, the model may still have been loading
            self._usual += _INTERVAL_MEMORY * (interval - self._usual)
            if interval > self._longest:
                self._longest = interval
        elif self._means == 1:
            self._usual = interval
        self._step, self.has_ended = step, False
        if not (-_HUGE < loss < _HUGE and -_HUGE < event.grad_norm < _HUGE):
            if step - self._bad_at > _RECENT:
                self._bad_first = step
            self._bad_at = step
            return
        self._means += 1
        self._zeros = 0 if loss > _ZERO or loss < -_ZERO else self._zeros + 1
        self._far = self._far + 1 if loss > self._far_limit else 0
        if self._far <= _FAR_STEPS:  # what is said of it does not change with every step
            self._far_loss = loss
        if self._means == 1:
            self._planned = event.of or self._planned
            self._mean = loss
            if step == 1 and loss > self._untuned:
                self._start_from(loss)
            return
        mean = self._mean
        self._mean = mean = mean + _MEMORY * (min(loss, _SPIKE * abs(mean)) - mean)
        if self._means < _SETTLED:
            return
        if not mean >= self._lowest:  # lower, or the first
            self._lowest, self._limit = mean, max(_FACTOR * mean, mean + _NATS)
        if mean <= self._limit:
            self._above_since = None
        elif self._above_since is None:
            self._above_since = step

    def find(
        self, *, now: float | None = None, free: int | None = None, need: int = 0
    ) -> list[Alarm]:
        """What is wrong, the worst first.

        `now` (seconds since the epoch) if a worker is at the run; `free` bytes on its disk and
        `need` bytes for the next checkpoint, where they are known.
        """
        found = [self._not_a_number(), self._zero(), self._diverged(), self._worse()]
        if not self.has_ended:
            if now is None:
                found.append(_full_disk(free, need))
            else:
                found += [self._silent(now), _disk(free, need)]
        return [alarm for alarm in found if alarm is not None]

    def _not_a_number(self) -> Alarm | None:
        if self._step - self._bad_at > _RECENT:
            return None
        once = self._bad_first == self._bad_at
        message = Said("Loss or gradient was no number at step {step:,.0f}")
        if not once:
            message = Said("Loss or gradient is no number again and again since step {step:,.0f}")
        return Alarm(
            "nan",
            message.filled(step=self._bad_first),
            Said("lower training.learning_rate, or set model.dtype = float32"),
        )

    def _zero(self) -> Alarm | None:
        if self._zeros < _ZERO_STEPS:
            return None
        return Alarm(
            "zero",
            Said("Loss is 0 since step {step:,}", step=self._step - self._zeros + 1),
            Said("nothing is learned: look at the pairs and the prompt's template"),
        )

    def _diverged(self) -> Alarm | None:
        since, mean, lowest = self._above_since, self._mean, self._lowest
        if self._far >= _FAR_STEPS:
            since, mean, lowest = self._step - self._far + 1, self._far_loss, self._untuned
        elif since is None or self._step - since < max(_LONG, _LONG_SHARE * self._planned):
            return None
        return Alarm(
            "diverged",
            Said(
                "Loss is near {mean:.1f} since step {since:,} and was {lowest:.1f}",
                mean=mean,
                since=since,
                lowest=lowest,
            ),
            Said("stop the run and lower training.learning_rate"),
        )

    def _worse(self) -> Alarm | None:
        step, perplexity = self._score
        if not perplexity > self._untuned_score:
            return None
        return Alarm(
            "worse",
            Said(
                "Test perplexity is {value} after step {step:,}: worse than untuned, {before}",
                value=number(perplexity),
                step=step,
                before=number(self._untuned_score),
            ),
            Said("lower training.learning_rate, or look at the pairs and the prompt's template"),
        )

    def _silent(self, now: float) -> Alarm | None:
        silence = now - self.last_at
        patience = _LOADING_PATIENCE
        if not math.isnan(self._usual):
            usual, longest = self._usual, self._longest
            patience = max(_PATIENCE, _USUAL_INTERVALS * usual, _LONGEST_INTERVALS * longest)
        if not silence > patience:
            return None
        return Alarm(
            "silent",
            Said("The worker has said nothing for {minutes:,.0f} minutes", minutes=silence / 60),
            Said("look at its log and at what else uses the machine"),
        )


def _disk(free: int | None, need: int) -> Alarm | None:
    if free is None or free >= max(_LEAST_DISK, 2 * need):
        return None
    return Alarm(
        "disk",
        Said("Only {free} are free on the disk of the runs", free=size(free)),
        Said("delete runs that nobody needs before the next checkpoint is due"),
    )


def _full_disk(free: int | None, need: int) -> Alarm | None:
    """Why a worker may be gone without a word, and why another one would be soon."""
    if free is None or free >= max(_FULL_DISK, need):
        return None
    return Alarm(
        "disk",
        Said("The disk of the runs is full: {free} are free", free=size(free)),
        Said("make room there, then resume the run"),
    )


def _gone() -> Alarm:
    return Alarm(
        "gone",
        Said("The run's folder is gone: it was deleted or moved"),
        Said("bring it back, or choose another run"),
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
            return [_gone()]
        if not alive and self._alarms.has_ended:
            return self._alarms.find()
        if alive is not self._was_alive:
            self._was_alive, self._looked_at = alive, -math.inf
        if time.monotonic() - self._looked_at > self.DISK_SECONDS:
            self._looked_at = time.monotonic()
            self._free = hardware.free_disk(self._folder)
            self._need = _newest_checkpoint(self._folder / "checkpoints")
        now = self._now() if alive else None
        return self._alarms.find(now=now, free=self._free, need=self._need)

    def _now(self) -> float:
        """By the clock of the worker's machine, which may go otherwise than this one's."""
        if self._arrived is None:
            return time.time()
        return self._alarms.last_at + time.time() - self._arrived


def _newest_checkpoint(folder: Path) -> int:
    """Bytes of the last checkpoint, which the next one will take too."""
    try:
        names = sorted(path for path in folder.glob("step-*") if path.is_dir())
        return sum(file.stat().st_size for file in names[-1].rglob("*")) if names else 0
    except OSError:
        return 0  # just being renamed into place
