"""A learning curve as numbers: points taken in, smoothed, thinned to what shows, scaled."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from engine.events import Evaluated, Event, Started, Step

_SMOOTHED_SHARE = 0.02
"""Of the planned steps: how far the smoothed curve looks back."""
_SPIKE = 3.0
"""A loss counts at most so many times the smoothed one, lest one bad step bends the whole curve."""

Points = tuple[list[float], list[float]]


@dataclass
class Curve:
    """Loss by step, raw and smoothed, and test perplexity where it was measured."""

    planned: int = 0
    steps: array[float] = field(default_factory=lambda: array("d"))
    loss: array[float] = field(default_factory=lambda: array("d"))
    """As reported; what is not finite is kept as nan and drawn as a gap."""
    smooth: array[float] = field(default_factory=lambda: array("d"))
    perplexity: dict[int, float] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Is there anything to draw?"""
        return bool(self.steps or self.perplexity)

    def extend(self, events: Iterable[Event]) -> bool:
        """Take events in; tells whether the curve changed."""
        changed = False
        for event in events:
            if isinstance(event, Step):
                self._add(event)
            elif isinstance(event, Evaluated) and event.part == "test":
                self.perplexity[event.step] = event.score.perplexity
            elif isinstance(event, Started):
                self.planned = event.steps
                self._forget_after(event.resumed_from)
            else:
                continue
            changed = True
        return changed

    def _add(self, event: Step) -> None:
        if self.steps and event.step <= self.steps[-1]:
            self._forget_after(event.step - 1)
        self.planned = event.of or self.planned
        loss = event.loss if math.isfinite(event.loss) else math.nan
        before = self.smooth[-1] if self.smooth else math.nan
        weight = 2 / (max(5, self.planned * _SMOOTHED_SHARE) + 1)
        self.steps.append(event.step)
        self.loss.append(loss)
        if math.isnan(before):
            self.smooth.append(loss)
        else:
            held = before if math.isnan(loss) else min(loss, _SPIKE * before)
            self.smooth.append(before + weight * (held - before))

    def _forget_after(self, step: int) -> None:
        """A resumed run does the steps after its checkpoint once more."""
        keep = bisect_right(self.steps, step)
        for column in (self.steps, self.loss, self.smooth):
            del column[keep:]
        self.perplexity = {at: value for at, value in self.perplexity.items() if at <= step}

    @property
    def last_step(self) -> float:
        """The right end of the x axis: the planned steps, or what there is beyond."""
        return max(1.0, self.planned, self.steps[-1] if self.steps else 0, *self.perplexity)

    def raw_points(self, columns: int) -> Points:
        """At most two points a column, its lowest and its highest, so that no spike is lost."""
        return thin(self.steps, self.loss, self.last_step, columns)

    def smooth_points(self, columns: int) -> Points:
        """One point a column: its last."""
        xs: list[float] = []
        ys: list[float] = []
        for start, end in _buckets(self.steps, self.last_step, columns):
            xs.append(self.steps[end - 1])
            gap = all(math.isnan(value) for value in self.loss[start:end])
            ys.append(math.nan if gap else self.smooth[end - 1])
        return xs, ys

    def perplexity_points(self) -> Points:
        """Where the test file was scored, by step; what is not finite is left out."""
        found = sorted(item for item in self.perplexity.items() if math.isfinite(item[1]))
        return [float(step) for step, _ in found], [value for _, value in found]


def _buckets(steps: Sequence[float], last: float, columns: int) -> Iterable[tuple[int, int]]:
    """Index ranges of the points that fall into each column; empty columns are passed over."""
    start = 0
    for column in range(1, columns + 1):
        end = bisect_right(steps, last * column / columns, start)
        if end > start:
            yield start, end
        start = end


def thin(xs: array[float], ys: array[float], last: float, columns: int) -> Points:
    """Lowest and highest point of each column, in order; nan for a column without a number."""
    kept_x: list[float] = []
    kept_y: list[float] = []
    for start, end in _buckets(xs, last, columns):
        column = ys[start:end]
        numbers = column
        if math.isnan(sum(column)):  # rare, so the quick way is tried first
            numbers = array("d", (value for value in column if not math.isnan(value)))
        ends = {column.index(min(numbers)), column.index(max(numbers))} if numbers else {0}
        for index in sorted(ends):
            kept_x.append(xs[start + index])
            kept_y.append(column[index] if numbers else math.nan)
    return kept_x, kept_y


@dataclass(frozen=True)
class Scale:
    """A y axis: limits that move seldom, and the values written beside it."""

    low: float
    high: float
    ticks: tuple[float, ...]
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """Where a value lies on the axis; what is beyond the limits lies on them."""
        if math.isnan(value):
            return value
        held = min(max(value, self.low), self.high)
        return math.log(held) if self.logarithmic else held

    @property
    def labels(self) -> list[str]:
        """The ticks as texts of one form."""
        step = self.ticks[1] - self.ticks[0] if len(self.ticks) > 1 else 1.0
        digits = 0 if self.logarithmic and self.low >= 1 else max(0, -math.floor(math.log10(step)))
        if not self.logarithmic and round(step, digits) != step:
            digits += 1
        return [f"{tick:.{digits}f}" for tick in self.ticks]


def loss_scale(raw: Sequence[float], smooth: Sequence[float], steps: int = 4) -> Scale:
    """Limits for the loss: those of the smoothed curve, spikes up to half as high again."""
    lowest = min((value for value in raw if not math.isnan(value)), default=0.0)
    highest = max((value for value in raw if not math.isnan(value)), default=1.0)
    held = 1.5 * max((value for value in smooth if not math.isnan(value)), default=highest)
    return linear_scale(lowest, max(lowest, min(highest, held)), steps)


def perplexity_scale(values: Sequence[float], steps: int = 4) -> Scale:
    """Linear, or logarithmic where an untuned model lies far above a tuned one."""
    if not values:
        return linear_scale(0.0, 1.0)
    low, high = min(values), max(values)
    if low > 0 and high / low > 10:
        series = [m * 10.0**e for e in range(-3, 13) for m in (1, 2, 5)]
        first = max(0, bisect_right(series, low) - 1)
        last = min(len(series) - 1, bisect_left(series, high))
        ticks = series[first : last + 1]
        if len(ticks) > steps + 3:
            ticks = [tick for tick in ticks if f"{tick:e}"[0] == "1"] or ticks[:1]
        return Scale(series[first], series[last], tuple(ticks), logarithmic=True)
    return linear_scale(low, high, steps)


def linear_scale(low: float, high: float, steps: int = 4) -> Scale:
    """Limits at round numbers, about so many steps apart, that hold both values."""
    span = max(high - low, abs(high) * 0.05, 1e-6)
    power = 10 ** math.floor(math.log10(span / steps))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= span / steps * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    last = max(last, first + 1)
    return Scale(first * step, last * step, tuple(n * step for n in range(first, last + 1)))
