"""The optimizer steps of a run in columns, as many of them as a chart can show."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from engine.run.events import Step

METRICS = ("loss", "lr", "grad_norm", "tokens_per_second", "memory")
"""What every step reports and a chart can show, by the name of its field."""
MOST = 1 << 16
"""Steps that a chart keeps at most: with more, every other one goes."""


@dataclass
class Steps:
    """Of all that come, each is kept, or of so many the one of lowest and that of highest loss."""

    numbers: array[float] = field(default_factory=lambda: array("d"))
    columns: dict[str, array[float]] = field(
        default_factory=lambda: {name: array("d") for name in (*METRICS, "tokens")}
    )
    """As reported, but what is not finite is kept as nan."""
    cuts: int = 0
    """How often steps were forgotten."""
    most: int = 0
    """How many are kept at most; 0 for all."""
    stride: int = 1
    """Of so many steps one is kept."""
    _pending: list[Step] = field(default_factory=list)
    """The newest, of which two will be kept."""

    def extend(self, steps: Sequence[Step]) -> None:
        """Take in steps that follow one another, and those that are kept."""
        if self.stride > 1:
            self._pending += steps
            steps = self._of_each_group()
        self._append(steps)
        if self.most and len(self.numbers) > self.most:
            self._thin()

    def forget_after(self, step: int) -> None:
        """Forget the later ones."""
        self._pending = [one for one in self._pending if one.step <= step]
        kept = bisect_right(self.numbers, step)
        self.cuts += kept < len(self.numbers)
        for column in (self.numbers, *self.columns.values()):
            del column[kept:]

    @property
    def newest(self) -> float:
        """The last that came; less than any if none has."""
        if self._pending:
            return self._pending[-1].step
        return self.numbers[-1] if self.numbers else -math.inf

    def _append(self, steps: Sequence[Step]) -> None:
        self.numbers.extend([event.step for event in steps])
        for name, column in self.columns.items():
            values: list[float] = list(map(attrgetter(name), steps))
            if not math.isfinite(sum(values)):  # rare, so the quick way is tried first
                values = [value if math.isfinite(value) else math.nan for value in values]
            if name == "memory":
                values = [value or math.nan for value in values]
            column.extend(values)

    def _of_each_group(self) -> list[Step]:
        """Two of as many steps as two are to be kept of; what is left over waits for more."""
        size, found = 2 * self.stride, []
        whole = len(self._pending) // size * size
        for start in range(0, whole, size):
            group = self._pending[start : start + size]
            found += [group[at] for at in _extremes([one.loss for one in group])]
        del self._pending[:whole]
        return found

    def _thin(self) -> None:
        """Keep two of four."""
        loss = self.columns["loss"]
        kept = [
            start + at
            for start in range(0, len(loss), 4)
            for at in _extremes(loss[start : start + 4])
        ]
        for column in (self.numbers, *self.columns.values()):
            column[:] = array("d", [column[at] for at in kept])
        self.stride *= 2
        self.cuts += 1


def _extremes(values: Sequence[float]) -> list[int]:
    """Where the lowest and the highest stand, in order: two places where there are two."""
    places = sorted(range(len(values)), key=lambda at: _order(values[at]))
    return sorted({places[0], places[-1]})


def _order(value: float) -> float:
    """What is no number counts as the highest: it must not be lost."""
    return value if math.isfinite(value) else math.inf
