"""Puts values into words of few characters: numbers, shares, sizes, durations."""

from __future__ import annotations

import math


def number(value: float | None, digits: int = 2) -> str:
    """A number for a narrow place: `16.62`, `1,204`, `3.1e+06`; `–` if there is none."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if abs(value) >= 1e6:
        return f"{value:.1e}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.{digits}f}"


def interval(low: float, high: float) -> str:
    """Two bounds: `16.62–21.70`; nothing if they are unknown."""
    return f"{number(low)}–{number(high)}" if not math.isnan(low + high) else ""


def chance(p: float | None) -> str:
    """A p-value: `0.041`, `<0.001`; `–` if there is none."""
    if p is None or math.isnan(p):
        return "–"
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def share(count: int, of: int) -> str:
    """`2.4 %`, `100 %`."""
    percent = 100 * count / of if of else math.nan
    return f"{number(percent, 1 if 0 < percent < 99.95 else 0)} %"


def progress(done: int, of: int) -> str:
    """`23%`; 100% only once it is done."""
    return f"{100 * min(done, of) // of}%" if of else "–"


def rate(value: float) -> str:
    """A learning rate: `1.8e-4`, `1e-3`."""
    if not math.isfinite(value):
        return "–"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}" if value else "0"


def thousands(value: float) -> str:
    """A count in few characters: `980`, `5.1k`, `2.3M`."""
    if not math.isfinite(value):
        return "–"
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.1f}{unit}"
    return f"{value:.0f}"


def size(count: int) -> str:
    """Bytes: `12.3 GB`."""
    for limit, unit in ((1e9, "GB"), (1e6, "MB")):
        if count >= limit:
            return f"{count / limit:.1f} {unit}"
    return f"{count / 1e3:.0f} kB"


def clock(seconds: float) -> str:
    """A duration: `00:41`, `1:02:09`; `–` if unknown."""
    if not math.isfinite(seconds):
        return "–"
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
