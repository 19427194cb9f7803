"""The chart's right axis: perplexities along a run, as points, lines and levels."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tui.chart.curve import Curve, Points, Window
from tui.chart.scale import Scale, perplexity_scale

_LEAST_SHARE = 1 / 3
"""Of the axis, for what was measured along the training: what lies far above it is shown apart."""
_LEAST_SPAN = 0.05
"""Of a value: as much the axis always spans."""


@dataclass(frozen=True)
class Levels:
    """What the right axis is to hold: what training came to first, the rest where there is room."""

    trained: Sequence[float] = ()
    others: Sequence[float] = field(default=())
    """Of untuned models."""

    def scale(self, steps: int, *, logarithmic: bool) -> Scale | None:
        """An axis on which the training can be read; None where there is nothing to hold."""
        held = list(self.trained)
        for value in sorted(self.others, key=self._distance):
            if not self.trained or self._leaves_room(min(*held, value), max(*held, value)):
                held.append(value)
        return perplexity_scale(held, steps, logarithmic=logarithmic) if held else None

    def _distance(self, value: float) -> float:
        """How far it lies beside what training came to."""
        least, most = min(self.trained, default=value), max(self.trained, default=value)
        return max(least - value, value - most, 0.0)

    def _leaves_room(self, low: float, high: float) -> bool:
        """Can the training still be read on an axis that reaches from `low` to `high`?"""
        least, most = min(self.trained), max(self.trained)
        return max(most - least, most * _LEAST_SPAN) >= _LEAST_SHARE * (high - low)


def levels(
    curve: Curve, others: Iterable[Curve], references: Mapping[str, float], window: Window
) -> Levels:
    """What is to be seen on the axis in a window."""
    trained: list[float] = []
    untuned = [value for value in references.values() if math.isfinite(value)]
    for one in (curve, *others):
        measured = [one.perplexity, one.validation] if one is curve else [one.perplexity]
        for found in measured:
            for step, value in zip(*points(found, window)):
                (trained if step > 0 else untuned).append(value)
    return Levels(trained, untuned)


def points(found: Mapping[int, float], window: Window | None = None) -> Points:
    """What was measured, by step; what is not finite is left out."""
    first, last = window or (-math.inf, math.inf)
    kept = sorted(
        (step, value)
        for step, value in found.items()
        if math.isfinite(value) and first <= step <= last
    )
    return [float(step) for step, _ in kept], [value for _, value in kept]


def line(found: Mapping[int, float], window: Window) -> Points:
    """The same with the ends of a line that goes on beyond the window."""
    xs, ys = points(found)
    kept_x, kept_y = points(found, window)
    for edge, place in ((window[0], 0), (window[1], len(kept_x) + 1)):
        at = bisect_left(xs, edge)
        if 0 < at < len(xs) and xs[at] != edge:
            share = (edge - xs[at - 1]) / (xs[at] - xs[at - 1])
            kept_x.insert(place, edge)
            kept_y.insert(place, ys[at - 1] + share * (ys[at] - ys[at - 1]))
    return kept_x, kept_y


def up_to(drawn: Points, high: float) -> Points:
    """A line as far as it lies below a height; nan where it leaves the picture."""
    xs: list[float] = []
    ys: list[float] = []
    before: tuple[float, float] | None = None
    for x, y in zip(*drawn):
        if before is not None and (before[1] > high) is not (y > high):
            xs.append(before[0] + (x - before[0]) * (high - before[1]) / (y - before[1]))
            ys.append(high)
        xs.append(x)
        ys.append(y if y <= high else math.nan)
        before = (x, y)
    return xs, ys


def beyond(found: Points, high: float) -> Points:
    """The points above a height, at that height."""
    xs = [x for x, y in zip(*found) if y > high]
    return xs, [high] * len(xs)


def within(found: Points, high: float) -> Points:
    """The points up to a height."""
    kept = [(x, y) for x, y in zip(*found) if y <= high]
    return [x for x, _ in kept], [y for _, y in kept]


def last_at(found: Mapping[int, float], step: float) -> tuple[int, float] | None:
    """The last value up to a step, and the step it was measured at."""
    return max(((at, value) for at, value in found.items() if at <= step), default=None)
