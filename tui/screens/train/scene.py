"""Composes the chart: which series show, on which scale, and what the legend says of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tui.charset import Charset
from tui.curve import Curve, Points, Window
from tui.scale import Scale, linear_scale, log_scale, loss_scale, perplexity_scale
from tui.screens.train.chart_view import ChartView
from tui.screens.train.overlays import Overlay
from tui.screens.train.plot import Picture, Series

TEST_MARK = "o"
BEST_MARKS: dict[Charset, str] = {"braille": "◆", "block": "◆", "ascii": "@"}
REFERENCE_MARKS = {"zero-shot": "-", "few-shot": "="}
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
        right = None
        if self.view.metric == "loss":
            tests = list(self._tests(width))
            right = self._right_scale(tests, steps)
            series += tests
        return Picture(series, self.window, left, right, self.charset)

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

    # The right axis: what the test file says

    def _tests(self, width: int) -> Iterator[Series]:
        for strategy, value in self.references.items():
            yield self._level(value, strategy, width)
        for overlay in self.overlays:
            points = overlay.curve.perplexity_points(self.window)
            letter = overlay.letter.lower()
            yield Series(points, _part(overlay), True, joined=False, mark=letter)
        points = self.curve.perplexity_points(self.window)
        if not self._is_ascii:
            yield Series(self.curve.perplexity_line(self.window), "perplexity", True)
        yield Series(points, "perplexity", True, joined=False, mark=TEST_MARK)
        best = self.curve.perplexity.get(self.curve.best if self.curve.best is not None else -1)
        if best is not None and math.isfinite(best) and self.curve.best in points[0]:
            place = ([float(self.curve.best or 0)], [best])
            yield Series(place, "best", True, joined=False, mark=BEST_MARKS[self.charset])

    def _level(self, value: float, strategy: str, width: int) -> Series:
        """A dashed line across the chart."""
        first, last = self.window
        count = max(2, width // _REFERENCE_GAP)
        xs = [first + (last - first) * n / (count - 1) for n in range(count)]
        mark = REFERENCE_MARKS[strategy]
        return Series((xs, [value] * count), strategy, True, joined=False, mark=mark)

    def _right_scale(self, tests: Sequence[Series], steps: int) -> Scale | None:
        values = [value for series in tests for value in series.points[1]]
        if not values:
            return None
        return perplexity_scale(values, steps, logarithmic=self.view.logarithmic)


def _part(overlay: Overlay) -> str:
    return f"overlay-{overlay.color}"
