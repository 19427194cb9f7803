"""Composes the chart: which series show, on which scale, and what the legend says of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from engine.prompts import strategies
from tui.chart.charset import Charset
from tui.chart.curve import Curve, Points, Window
from tui.chart.scale import Scale, linear_scale, log_scale, loss_scale
from tui.screens.train import perplexities
from tui.screens.train.chart_view import ChartView
from tui.screens.train.overlays import Overlay
from tui.screens.train.plot import Picture, Series

TEST_MARK = "o"
VALIDATION_MARK = "+"
APART_MARKS: dict[Charset, str] = {"braille": "▴", "block": "▴", "ascii": "^"}
"""At the upper edge, for what lies far above."""
BELOW_MARKS: dict[Charset, str] = {"braille": "▾", "block": "▾", "ascii": "v"}
BEST_MARKS: dict[Charset, str] = {"braille": "◆", "block": "◆", "ascii": "@"}
_LETTER_GAP = 12
"""Columns between the letters on the line of another run."""
_REFERENCE_GAP = 3
_SMOOTH_MARK_ASCII = "#"
_JUMPING = ("loss", "grad_norm", "tokens_per_second")
"""What is worth smoothing."""


@dataclass(frozen=True)
class Scene:
    """Everything that can be seen on the chart."""

    curve: Curve
    view: ChartView = field(default_factory=ChartView)
    overlays: Sequence[Overlay] = ()
    references: Mapping[str, float] = field(default_factory=dict)
    """Test perplexity by strategy: of the same profile on the same file, without training."""
    charset: Charset = "braille"
    is_chosen_by_test: bool = False
    """Is it the test file that tells which checkpoint is best? Else the validation pairs do."""

    @property
    def last_step(self) -> float:
        """The right end of the x axis when the whole run shows."""
        return max([self.curve.last_step, *(one.curve.last_step for one in self.overlays)])

    @property
    def window(self) -> Window:
        """First and last step that show."""
        return self.view.shown(self.last_step)

    @property
    def may_be_logarithmic(self) -> bool:
        """Are all values of the chart positive?"""
        values = [value for value in self.curve.columns[self.view.metric] if value == value]
        return bool(values) and min(values) > 0

    def compose(self, width: int, height: int) -> Picture:
        """What to draw, for so much room."""
        steps = min(4, max(1, height // 3))
        series = list(self._lines(width))
        left = self._left_scale(series, steps)
        right = self.right_scale(height)
        if right is not None:
            series += self._tests(right, width)
        return Picture(series, self.window, left, right, self.charset)

    def right_scale(self, height: int) -> Scale | None:
        """The axis of the perplexities; None where there are none."""
        if self.view.metric != "loss":
            return None
        others = [overlay.curve for overlay in self.overlays]
        levels = perplexities.levels(self.curve, others, self.references, self.window)
        steps = min(4, max(1, height // 3))
        return levels.scale(steps, logarithmic=self.view.logarithmic)

    # The left axis: what each step reports

    def _lines(self, width: int) -> Iterator[Series]:
        metric = self.view.metric
        jumps = metric in _JUMPING and self.view.smoothing > 0
        yield self._raw("raw" if jumps else "loss", width)
        for overlay in self.overlays:
            mark = overlay.letter if self._is_ascii else ""
            yield Series(self._main_points(overlay.curve, width // 2), _part(overlay), mark=mark)
        if jumps:
            points = self.curve.smooth_points(width, metric, self.window)
            yield Series(points, "loss", mark=_SMOOTH_MARK_ASCII if self._is_ascii else "")
        if not self._is_ascii:
            yield from self._letters(width)

    def _raw(self, part: str, width: int) -> Series:
        """As reported: joined while one can follow it, else a cloud of its lows and highs."""
        raw = self.curve.raw_points(width, self.view.metric, self.window)
        if len(raw[0]) <= width or part != "raw":
            return Series(raw, part, joined=not self._is_ascii)
        return Series(raw, part, joined=False)

    def _letters(self, width: int) -> Iterator[Series]:
        """On the line of each other run its letter now and then, each run's elsewhere."""
        for place, overlay in enumerate(self.overlays):
            points = self._main_points(overlay.curve, width // 2)
            every = max(1, round(_LETTER_GAP * len(points[0]) / width))
            first = every * (2 * place + 1) // (2 * len(self.overlays))
            xs, ys = (column[first::every] for column in points)
            yield Series((xs, ys), _part(overlay), joined=False, mark=overlay.letter)

    def _main_points(self, curve: Curve, columns: int) -> Points:
        if self.view.metric in _JUMPING:
            curve.smooth_by(self.view.smoothing)
            return curve.smooth_points(columns, self.view.metric, self.window)
        return curve.raw_points(columns, self.view.metric, self.window)

    @property
    def _is_ascii(self) -> bool:
        return self.charset == "ascii"

    def _left_scale(self, lines: Sequence[Series], steps: int) -> Scale:
        values = [value for line in lines for value in line.points[1] if value == value]
        logarithmic = self.view.logarithmic and bool(values) and min(values) > 0
        if self.view.metric in _JUMPING:
            even = [v for line in lines if line.part != "raw" for v in line.points[1]]
            return loss_scale(values, even, steps, logarithmic=logarithmic)
        low, high = min(values, default=0.0), max(values, default=1.0)
        if logarithmic:
            return log_scale(low, high, steps)
        return linear_scale(low, high, steps, smallest=1e-12)

    # The right axis: what validation and test file say

    def _tests(self, scale: Scale, width: int) -> Iterator[Series]:
        for strategy, value in self.references.items():
            if scale.low <= value <= scale.high:
                yield self._level(value, strategy, width)
        for overlay in self.overlays:
            found = perplexities.points(overlay.curve.perplexity, self.window)
            yield from self._marks(found, _part(overlay), overlay.letter.lower(), scale)
        measured = (
            (self.curve.validation, "validation", VALIDATION_MARK),
            (self.curve.perplexity, "perplexity", TEST_MARK),
        )
        if not self._is_ascii:
            for by_step, part, _ in measured:
                line = perplexities.line(by_step, self.window)
                yield Series(perplexities.up_to(line, scale.high), part, True)
        for by_step, part, mark in measured:
            yield from self._marks(perplexities.points(by_step, self.window), part, mark, scale)
        yield from self._best(scale)

    def _marks(self, found: Points, part: str, mark: str, scale: Scale) -> Iterator[Series]:
        yield Series(perplexities.within(found, scale.high), part, True, False, mark)
        apart = perplexities.beyond(found, scale.high)
        yield Series(apart, part, True, False, APART_MARKS[self.charset])

    def _best(self, scale: Scale) -> Iterator[Series]:
        """The best checkpoint, on the curve that says so."""
        best = self.curve.best
        first, last = self.window
        if best is None or not first <= best <= last:
            return
        by = self.curve.perplexity if self.is_chosen_by_test else self.curve.validation
        value = by.get(best, self.curve.perplexity.get(best, math.nan))
        if value <= scale.high:
            place = ([float(best)], [value])
            yield Series(place, "best", True, joined=False, mark=BEST_MARKS[self.charset])

    def _level(self, value: float, strategy: str, width: int) -> Series:
        """A dashed line across the chart."""
        first, last = self.window
        count = max(2, width // _REFERENCE_GAP)
        xs = [first + (last - first) * n / (count - 1) for n in range(count)]
        mark = strategies.get(strategy).mark
        return Series((xs, [value] * count), strategy, True, joined=False, mark=mark)


def _part(overlay: Overlay) -> str:
    return f"overlay-{overlay.color}"
