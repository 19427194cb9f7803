"""What of a run's curves shows: which chart, which steps, how even, and where the crosshair is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from engine.run.steps import METRICS
from tui.chart.curve import SMOOTHING, Window

SMOOTHINGS = (0.0, 0.005, SMOOTHING, 0.08)
"""Shares of the planned steps, from not at all to strong."""
_FEWEST_STEPS = 8
"""One cannot zoom in further."""


@dataclass(frozen=True)
class ChartView:
    """Chosen by keys; changing it gives another one."""

    metric: str = METRICS[0]
    smoothing: float = SMOOTHING
    logarithmic: bool = False
    window: Window | None = None
    """None: the whole run."""
    cross: float | None = None
    """The step under the crosshair; None where there is none."""

    def with_next_metric(self) -> ChartView:
        """The next chart, on a linear scale."""
        at = (METRICS.index(self.metric) + 1) % len(METRICS)
        return replace(self, metric=METRICS[at], logarithmic=False)

    def with_next_smoothing(self) -> ChartView:
        """More even; after the strongest not at all."""
        at = (SMOOTHINGS.index(self.smoothing) + 1) % len(SMOOTHINGS)
        return replace(self, smoothing=SMOOTHINGS[at])

    def shown(self, last: float) -> Window:
        """First and last step on the x axis, for a run of so many steps."""
        return self.window or (0.0, last)

    def zoomed(self, factor: float, last: float, middle: float) -> ChartView:
        """`factor` times as many steps around `middle`, or all of them."""
        first, end = self.shown(last)
        span = float(max(math.ceil((end - first) * factor), _FEWEST_STEPS))
        if span >= last:
            return replace(self, window=None)
        start = float(math.floor(min(max(0.0, middle - span / 2), last - span)))
        return replace(self, window=(start, start + span))

    def whole(self) -> ChartView:
        """All steps, and no crosshair."""
        return replace(self, window=None, cross=None)

    def crossed(self, step: float, last: float) -> ChartView:
        """With the crosshair on a step; the window follows it."""
        step = min(max(0.0, step), last)
        first, end = self.shown(last)
        if self.window is None or first <= step <= end:
            return replace(self, cross=step)
        start = step if step < first else step - (end - first)
        return replace(self, cross=step, window=(start, start + end - first))
