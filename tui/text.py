"""Puts values into words: errors, numbers, times, sizes, directions."""

from __future__ import annotations

import math
from pathlib import Path

from engine.errors import UserError


def message_of(error: Exception | str) -> str:
    """An error as a sentence; the kind is named where the error was not foreseen."""
    if isinstance(error, str | UserError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def number(value: float, digits: int = 2) -> str:
    """A number for a narrow place: `16.62`, `1,204`, `3.1e+06`; `–` if there is none."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if abs(value) >= 1e6:
        return f"{value:.1e}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.{digits}f}"


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
    for limit, unit in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.1f}{unit}"
    return f"{value:.0f}"


def size(count: int) -> str:
    """Bytes: `12.3 GB`."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def clock(seconds: float) -> str:
    """A duration: `00:41`, `1:02:09`; `–` if unknown."""
    if not math.isfinite(seconds):
        return "–"
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def short_path(path: str, room: int = 1000) -> str:
    """A path (or two, parallel) as one would type it; where room is short, its end counts."""
    text = ",".join(_short(Path(part)) for part in path.split(",") if part)
    return text if len(text) <= room else "…" + text[1 - room :]


def _short(path: Path) -> str:
    for folder, sign in ((Path.cwd(), ""), (Path.home(), "~/")):
        if path.is_relative_to(folder):
            return sign + str(path.relative_to(folder))
    return str(path)
