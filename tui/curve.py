"""A run's curves as numbers: points taken in, smoothed, and thinned to what shows."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from engine.events import Evaluated, Event, Saved, Started, Step

SMOOTHING = 0.02
"""Of the planned steps: how far the smoothed curve looks back, unless chosen otherwise."""
_SPIKE = 3.0
"""A value counts at most so many times the smoothed one, lest a bad step bends the whole curve."""
_SHORTEST = 5

METRICS = ("loss", "lr", "grad_norm", "tokens_per_second", "memory")
"""What every step reports, by the name of its field."""

Points = tuple[list[float], list[float]]
Window = tuple[float, float]
"""First and last step that show."""


@dataclass
class Curve:
    """Each metric by step, raw and smoothed, and test perplexity where it was measured."""

    planned: int = 0
    steps: array[float] = field(default_factory=lambda: array("d"))
    columns: dict[str, array[float]] = field(
        default_factory=lambda: {name: array("d") for name in METRICS}
    )
    """As reported; what is not finite is kept as nan and drawn as a gap."""
    perplexity: dict[int, float] = field(default_factory=dict)
    """Of the test file, by step."""
    best: int | None = None
    """The step of the best checkpoint so far."""
    smoothing: float = SMOOTHING
    _smooth: dict[str, array[float]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Is there anything to draw?"""
        return bool(self.steps or self.perplexity)

    @property
    def loss(self) -> array[float]:
        """The training loss as reported."""
        return self.columns["loss"]

    @property
    def smooth(self) -> array[float]:
        """The training loss, smoothed."""
        return self.smoothed("loss")

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
        if isinstance(event, Evaluated) and event.part == "test":
            self.perplexity[event.step] = event.score.perplexity
        elif isinstance(event, Saved) and event.best:
            self.best = event.step
        elif isinstance(event, Started):
            self.planned = event.steps
            self._forget_after(event.resumed_from)
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
        for column in (self.steps, *self.columns.values(), *self._smooth.values()):
            del column[keep:]
        self.perplexity = {at: value for at, value in self.perplexity.items() if at <= step}
        if self.best is not None and self.best > step:
            self.best = None

    def smooth_by(self, share: float) -> None:
        """Smooth over another share of the planned steps; 0 leaves the values as they are."""
        if share != self.smoothing:
            self.smoothing = share
            self._smooth.clear()

    def smoothed(self, metric: str) -> array[float]:
        """A metric smoothed as far as it was reported; computed where that is new."""
        smooth = self._smooth.setdefault(metric, array("d"))
        raw = self.columns[metric]
        if len(smooth) < len(raw):
            weight = 2 / (max(_SHORTEST, self.planned * self.smoothing) + 1)
            weight = weight if self.smoothing else 1.0
            _continue(smooth, raw, weight)
        return smooth

    @property
    def last_step(self) -> float:
        """The right end of the x axis: the planned steps, or what there is beyond."""
        return max(1.0, self.planned, self.steps[-1] if self.steps else 0, *self.perplexity)

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
            ys.append(math.nan if gap else smooth[end - 1])
        return xs, ys

    def perplexity_points(self, window: Window | None = None) -> Points:
        """Where the test file was scored, by step; what is not finite is left out."""
        first, last = window or (0, self.last_step)
        found = sorted(
            (step, value)
            for step, value in self.perplexity.items()
            if math.isfinite(value) and first <= step <= last
        )
        return [float(step) for step, _ in found], [value for _, value in found]

    def perplexity_line(self, window: Window) -> Points:
        """The same with the ends of a line that goes on beyond the window."""
        xs, ys = self.perplexity_points()
        kept_x, kept_y = self.perplexity_points(window)
        for edge, place in ((window[0], 0), (window[1], len(kept_x) + 1)):
            at = bisect_left(xs, edge)
            if 0 < at < len(xs) and xs[at] != edge:
                share = (edge - xs[at - 1]) / (xs[at] - xs[at - 1])
                kept_x.insert(place, edge)
                kept_y.insert(place, ys[at - 1] + share * (ys[at] - ys[at - 1]))
        return kept_x, kept_y

    def value_at(self, metric: str, step: float) -> float:
        """What the step reported, or the last one before it; nan if there is none."""
        index = bisect_right(self.steps, step) - 1
        if index < 0 or step > self.steps[-1]:
            return math.nan
        return self.columns[metric][index]

    def smoothed_at(self, metric: str, step: float) -> float:
        """The smoothed value there; nan if there is none."""
        index = bisect_right(self.steps, step) - 1
        return self.smoothed(metric)[index] if index >= 0 else math.nan

    def tested_at(self, step: float) -> tuple[int, float] | None:
        """The last test score up to a step, and the step it was measured at."""
        return max(
            ((at, value) for at, value in self.perplexity.items() if at <= step), default=None
        )

    def nearest_step(self, step: float) -> float:
        """The reported step that lies nearest."""
        index = bisect_left(self.steps, step)
        near = self.steps[max(0, index - 1) : index + 1]
        return min(near, key=lambda known: abs(known - step), default=step)


def _continue(smooth: array[float], raw: array[float], weight: float) -> None:
    """Smooth what was added to `raw`: an exponential mean that spikes and gaps do not bend."""
    before = smooth[-1] if smooth else math.nan
    for value in raw[len(smooth) :]:
        if before != before:  # nan: there was no number yet
            before = value
        elif value == value:
            held = min(value, _SPIKE * before) if before > 0 else value
            before += weight * (held - before)
        smooth.append(before)


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
