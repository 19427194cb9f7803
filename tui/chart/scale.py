"""A y axis: limits that move seldom, at round numbers, and the values written beside it."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

_SMALLEST_LABEL = 1e-3
_SERIES = [m * 10.0**e for e in range(-12, 13) for m in (1, 2, 5)]
"""Where logarithmic scales begin and end."""
_FAR_APART = 4
"""Times: perplexities further apart get a logarithmic scale."""
_UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True)
class Scale:
    """The limits of an axis and its ticks."""

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
        largest = max(abs(tick) for tick in self.ticks)
        if 0 < largest < _SMALLEST_LABEL or (self.logarithmic and self.low < _SMALLEST_LABEL):
            return [_in_powers(tick) for tick in self.ticks]
        if self.logarithmic:
            return [_in_units(tick, tick if largest >= 10_000 else 0) for tick in self.ticks]
        if largest >= 10_000:
            return [_in_units(tick, largest) for tick in self.ticks]
        step = self.ticks[1] - self.ticks[0] if len(self.ticks) > 1 else 1.0
        digits = max(0, -math.floor(math.log10(step)))
        if round(step, digits) != step:
            digits += 1
        return [f"{tick:.{digits}f}" for tick in self.ticks]


def _in_powers(tick: float) -> str:
    mantissa, exponent = f"{tick:.2e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}" if tick else "0"


def _in_units(tick: float, largest: float) -> str:
    """In the unit in which `largest` is best written."""
    limit, unit = next((pair for pair in _UNITS if largest >= pair[0]), (1.0, ""))
    return f"{tick / limit:.4g}{unit}" if tick else "0"


def loss_scale(
    raw: Sequence[float], smooth: Sequence[float], steps: int = 4, *, logarithmic: bool = False
) -> Scale:
    """Limits for what jumps: those of the smoothed curve, spikes up to half as high again."""
    lowest = min((value for value in raw if not math.isnan(value)), default=0.0)
    highest = max((value for value in raw if not math.isnan(value)), default=1.0)
    held = 1.5 * max((value for value in smooth if not math.isnan(value)), default=highest)
    high = max(lowest, min(highest, held))
    if logarithmic and lowest > 0:
        return log_scale(lowest, high, steps)
    return linear_scale(lowest, high, steps)


def perplexity_scale(
    values: Sequence[float], steps: int = 4, *, logarithmic: bool = False
) -> Scale:
    """Linear, or logarithmic where the values lie far apart."""
    if not values:
        return linear_scale(0.0, 1.0)
    low, high = min(values), max(values)
    if low > 0 and (logarithmic or high / low > _FAR_APART):
        return log_scale(low, high, steps)
    return linear_scale(low, high, steps)


def log_scale(low: float, high: float, steps: int = 4) -> Scale:
    """Limits at 1, 2 or 5 times a power of ten; both values must be positive."""
    first = max(0, bisect_right(_SERIES, low) - 1)
    last = min(len(_SERIES) - 1, max(bisect_left(_SERIES, high), first + 1))
    ticks = _SERIES[first : last + 1]
    if len(ticks) > steps + 3:
        tens = [tick for tick in ticks if f"{tick:e}"[0] == "1"] or ticks[:1]
        ticks = tens[:: math.ceil(len(tens) / (steps + 3))]
    return Scale(_SERIES[first], _SERIES[last], tuple(ticks), logarithmic=True)


def linear_scale(low: float, high: float, steps: int = 4, smallest: float = 1e-6) -> Scale:
    """Limits at round numbers, about so many steps apart, that hold both values."""
    span = max(high - low, abs(high) * 0.05, smallest)
    power = 10 ** math.floor(math.log10(span / steps))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= span / steps * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    last = max(last, first + 1)
    return Scale(first * step, last * step, tuple(n * step for n in range(first, last + 1)))
