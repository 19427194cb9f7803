"""A run's curves as numbers: smoothed, and thinned to what shows."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from engine.run.events import TERMINAL, Evaluated, Event, Saved, Started, Step
from engine.run.history import History
from engine.run.steps import MOST, Steps

SMOOTHING = 0.02
"""Of the planned steps: over how many the curve is smoothed, unless chosen otherwise."""
_SPIKE = 3.0
"""A value counts at most so many times the smoothed one, lest a bad step bends the whole curve."""
_SHORTEST = 5
_LATELY = 0.02

Points = tuple[list[float], list[float]]
Window = tuple[float, float]
"""First and last step that show."""


class Smooth:
    """A column smoothed without a shift: each value is the mean of as many on either side.

    At the newest values, which have fewer after them, a straight line is laid through what there
    is, so that a falling curve is not held up by its past.
    """

    def __init__(self, half: int) -> None:
        self.half = half
        """Values on either side, where there are so many."""
        self._sums = array("d", [0.0])
        self._counts = array("l", [0])
        """Of all numbers before each place; with these a mean takes no loop."""
        self._held = math.nan

    def extend(self, raw: Sequence[float]) -> None:
        """Take in what was added to `raw`; a spike counts only so much, a gap not at all."""
        total, count, held = self._sums[-1], self._counts[-1], self._held
        weight = 1 / (self.half + 1)
        for value in raw[len(self._counts) - 1 :]:
            if value == value:
                if self.half and held > 0:
                    value = min(value, _SPIKE * held)
                held = value if held != held else held + weight * (value - held)
                total += value
                count += 1
            self._sums.append(total)
            self._counts.append(count)
        self._held = held

    def at(self, index: int) -> float:
        """The smoothed value at a place; nan where there is no number near."""
        before, after = min(self.half, index), len(self._counts) - 2 - index
        if after < before:
            return self._on_the_line(index, index - before, index + after + 1)
        first, end = index - before, index + before + 1
        count = self._counts[end] - self._counts[first]
        return (self._sums[end] - self._sums[first]) / count if count else math.nan

    def _on_the_line(self, index: int, first: int, end: int) -> float:
        """The value there of the line through the numbers from `first` to before `end`."""
        sums, counts = self._sums, self._counts
        places = [at for at in range(first, end) if counts[at + 1] > counts[at]]
        if not places:
            return math.nan
        mean = (sums[end] - sums[first]) / len(places)
        middle = sum(places) / len(places)
        spread = sum((at - middle) ** 2 for at in places)
        if len(places) < 3:
            return mean
        slope = sum((at - middle) * (sums[at + 1] - sums[at]) for at in places) / spread
        return mean + slope * (index - middle)


DRAWN = {Step, Evaluated, Saved, Started, *TERMINAL}
"""Events that may change a curve."""


@dataclass
class Curve:
    """Each metric by step, raw and smoothed, and perplexities where they were measured."""

    history: History = field(default_factory=lambda: History(steps=Steps(most=MOST)))
    smoothing: float = SMOOTHING
    _smooth: dict[str, Smooth] = field(default_factory=dict)
    _cuts: int = 0
    """Of the history when it was smoothed."""

    def __bool__(self) -> bool:
        """Is there anything to draw?"""
        return bool(self.steps or self.perplexity or self.validation)

    @property
    def steps(self) -> array[float]:
        """The numbers of the steps that reported."""
        return self.history.steps.numbers

    @property
    def columns(self) -> dict[str, array[float]]:
        """What they reported, by metric; nan is drawn as a gap."""
        return self.history.steps.columns

    @property
    def loss(self) -> array[float]:
        """The training loss as reported."""
        return self.columns["loss"]

    @property
    def perplexity(self) -> dict[int, float]:
        """Of the test file, by step."""
        return self.history.perplexities("test")

    @property
    def validation(self) -> dict[int, float]:
        """Of the validation pairs, by step."""
        return self.history.perplexities("validation")

    @property
    def best(self) -> int | None:
        """The step of the best checkpoint so far."""
        return self.history.best

    def extend(self, events: Iterable[Event]) -> set[type[Event]]:
        """Take events in; tells of what kinds they were: some are `DRAWN`."""
        kinds = self.history.extend(events)
        self.smoothed("loss")  # little by little; the other metrics when their chart is shown
        return kinds

    def smooth_by(self, share: float) -> None:
        """Smooth over another share of the planned steps; 0 leaves the values as they are."""
        if share != self.smoothing:
            self.smoothing = share
            self._smooth.clear()

    def smoothed(self, metric: str) -> Smooth:
        """A metric smoothed, as far as it was reported."""
        if self._cuts != self.history.steps.cuts:
            self._cuts = self.history.steps.cuts
            self._smooth.clear()
        smooth = self._smooth.get(metric)
        if smooth is None:
            window = max(_SHORTEST, self._places(self.smoothing)) if self.smoothing else 0
            smooth = self._smooth[metric] = Smooth(int(window / 2))
        smooth.extend(self.columns[metric])
        return smooth

    @property
    def last_step(self) -> float:
        """The right end of the x axis: the planned steps, or where the run ended."""
        reached = (self.steps[-1] if self.steps else 0, *self.perplexity, *self.validation)
        return max(1.0, *reached, 0 if self.history.has_ended else self.history.planned)

    def raw_points(
        self, columns: int, metric: str = "loss", window: Window | None = None
    ) -> Points:
        """At most two points a column, its lowest and its highest, so that no spike is lost."""
        return thin(self.steps, self.columns[metric], window or (0, self.last_step), columns)

    def smooth_points(
        self, columns: int, metric: str = "loss", window: Window | None = None
    ) -> Points:
        """One point a column: its last."""
        xs: list[float] = []
        ys: list[float] = []
        raw, smooth = self.columns[metric], self.smoothed(metric)
        for start, end in _buckets(self.steps, window or (0, self.last_step), columns):
            xs.append(self.steps[end - 1])
            gap = all(math.isnan(value) for value in raw[start:end])
            ys.append(math.nan if gap else smooth.at(end - 1))
        return xs, ys

    def value_at(self, metric: str, step: float) -> float:
        """What the step reported, or the last one before it; nan if there is none."""
        index = bisect_right(self.steps, step) - 1
        if index < 0 or step > self.steps[-1]:
            return math.nan
        return self.columns[metric][index]

    def smoothed_at(self, metric: str, step: float) -> float:
        """The smoothed value there; nan if there is none."""
        index = bisect_right(self.steps, step) - 1
        return self.smoothed(metric).at(index) if index >= 0 else math.nan

    def change_lately(self) -> float:
        """Of the smoothed loss over the last of the planned steps, as a share of it; nan early."""
        smooth = self.smoothed("loss")
        newest = len(self.steps) - 1 - smooth.half  # beyond it the curve still moves
        before = newest - max(_SHORTEST, int(self._places(_LATELY)))
        return smooth.at(newest) / smooth.at(before) - 1 if before >= 0 else math.nan

    def _places(self, share: float) -> float:
        """In how many places of the columns this share of the planned steps stands."""
        return self.history.planned * share / self.history.steps.stride

    def nearest_step(self, step: float) -> float:
        """The reported step that lies nearest."""
        index = bisect_left(self.steps, step)
        near = self.steps[max(0, index - 1) : index + 1]
        return min(near, key=lambda known: abs(known - step), default=step)


def _buckets(steps: Sequence[float], window: Window, columns: int) -> Iterator[tuple[int, int]]:
    """Index ranges of the points that fall into each column; empty columns are passed over."""
    first, last = window
    start = bisect_left(steps, first)
    for column in range(1, columns + 1):
        end = bisect_right(steps, first + (last - first) * column / columns, start)
        if end > start:
            yield start, end
        start = end


def thin(xs: array[float], ys: array[float], window: Window, columns: int) -> Points:
    """Lowest and highest point of each column, in order; nan for a column without a number."""
    kept_x: list[float] = []
    kept_y: list[float] = []
    for start, end in _buckets(xs, window, columns):
        column = ys[start:end]
        numbers = column
        if math.isnan(sum(column)):  # rare, so the quick way is tried first
            numbers = array("d", (value for value in column if not math.isnan(value)))
        ends = {column.index(min(numbers)), column.index(max(numbers))} if numbers else {0}
        for index in sorted(ends):
            kept_x.append(xs[start + index])
            kept_y.append(column[index] if numbers else math.nan)
    return kept_x, kept_y
