"""A run's curves as numbers: points taken in, smoothed, and thinned to what shows."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from engine.run.events import TERMINAL, Evaluated, Event, Saved, Started, Step

SMOOTHING = 0.02
"""Of the planned steps: over how many the curve is smoothed, unless chosen otherwise."""
_SPIKE = 3.0
"""A value counts at most so many times the smoothed one, lest a bad step bends the whole curve."""
_SHORTEST = 5
_LATELY = 0.02

METRICS = ("loss", "lr", "grad_norm", "tokens_per_second", "memory")
"""What every step reports, by the name of its field."""

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

    def forget_after(self, kept: int) -> None:
        """Keep so many values."""
        del self._sums[kept + 1 :], self._counts[kept + 1 :]

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


@dataclass
class Curve:
    """Each metric by step, raw and smoothed, and perplexities where they were measured."""

    planned: int = 0
    steps: array[float] = field(default_factory=lambda: array("d"))
    columns: dict[str, array[float]] = field(
        default_factory=lambda: {name: array("d") for name in METRICS}
    )
    """As reported; what is not finite is kept as nan and drawn as a gap."""
    perplexity: dict[int, float] = field(default_factory=dict)
    """Of the test file, by step."""
    validation: dict[int, float] = field(default_factory=dict)
    """Of the validation pairs, by step."""
    has_ended: bool = False
    """Has its worker gone? Then no more steps are to come."""
    best: int | None = None
    """The step of the best checkpoint so far."""
    smoothing: float = SMOOTHING
    _smooth: dict[str, Smooth] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Is there anything to draw?"""
        return bool(self.steps or self.perplexity or self.validation)

    @property
    def loss(self) -> array[float]:
        """The training loss as reported."""
        return self.columns["loss"]

    def extend(self, events: Iterable[Event]) -> bool:
        """Take events in; tells whether the curve changed."""
        changed = False
        steps: list[Step] = []
        for event in events:
            if isinstance(event, Step):  # nearly all are: taken in by the block
                if steps and event.step <= steps[-1].step:
                    self._add(steps)
                    steps = []
                steps.append(event)
                continue
            if steps:
                self._add(steps)
                steps = []
                changed = True
            changed = self._take(event) or changed
        if steps:
            self._add(steps)
            changed = True
        self.smoothed("loss")  # little by little; the other metrics when their chart is shown
        return changed

    def _take(self, event: Event) -> bool:
        if isinstance(event, Evaluated) and event.part in ("test", "validation"):
            found = self.perplexity if event.part == "test" else self.validation
            found[event.step] = event.score.perplexity
        elif isinstance(event, Saved) and event.best:
            self.best = event.step
        elif isinstance(event, Started):
            self.planned, self.has_ended = event.steps, False
            self._forget_after(event.resumed_from)
        elif isinstance(event, TERMINAL):
            self.has_ended = True
        else:
            return False
        return True

    def _add(self, steps: list[Step]) -> None:
        """Take in steps that follow one another."""
        if self.steps and steps[0].step <= self.steps[-1]:
            self._forget_after(steps[0].step - 1)
        self.planned = steps[-1].of or self.planned
        self.steps.extend([event.step for event in steps])
        for name, column in self.columns.items():
            values: list[float] = list(map(attrgetter(name), steps))
            if not math.isfinite(sum(values)):  # rare, so the quick way is tried first
                values = [value if math.isfinite(value) else math.nan for value in values]
            if name == "memory":
                values = [value or math.nan for value in values]
            column.extend(values)

    def _forget_after(self, step: int) -> None:
        """A resumed run does the steps after its checkpoint once more."""
        keep = bisect_right(self.steps, step)
        for column in (self.steps, *self.columns.values()):
            del column[keep:]
        for smooth in self._smooth.values():
            smooth.forget_after(keep)
        self.perplexity = {at: value for at, value in self.perplexity.items() if at <= step}
        self.validation = {at: value for at, value in self.validation.items() if at <= step}
        if self.best is not None and self.best > step:
            self.best = None

    def smooth_by(self, share: float) -> None:
        """Smooth over another share of the planned steps; 0 leaves the values as they are."""
        if share != self.smoothing:
            self.smoothing = share
            self._smooth.clear()

    def smoothed(self, metric: str) -> Smooth:
        """A metric smoothed, as far as it was reported."""
        smooth = self._smooth.get(metric)
        if smooth is None:
            window = max(_SHORTEST, self.planned * self.smoothing) if self.smoothing else 0
            smooth = self._smooth[metric] = Smooth(int(window / 2))
        smooth.extend(self.columns[metric])
        return smooth

    @property
    def last_step(self) -> float:
        """The right end of the x axis: the planned steps, or where the run ended."""
        reached = (self.steps[-1] if self.steps else 0, *self.perplexity, *self.validation)
        return max(1.0, *reached, 0 if self.has_ended else self.planned)

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
        before = newest - max(_SHORTEST, int(self.planned * _LATELY))
        return smooth.at(newest) / smooth.at(before) - 1 if before >= 0 else math.nan

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
