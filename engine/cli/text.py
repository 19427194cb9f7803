"""Plain text for terminals: tables whose Chinese cells line up, durations, numbers."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence


def width(text: str) -> int:
    """Columns that a text takes in a terminal."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def clean(text: str) -> str:
    """A text from outside without control characters, which could steer the terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Columns side by side; `right` names the columns set flush right."""
    cells = [list(header), *(list(map(clean, row)) for row in rows)]
    widths = [max(width(row[column]) for row in cells) for column in range(len(header))]

    def line(row: Sequence[str]) -> str:
        padded = []
        for column, cell in enumerate(row):
            gap = " " * (widths[column] - width(cell))
            padded.append(gap + cell if column in right else cell + gap)
        return "  ".join(padded).rstrip()

    rule = "  ".join("─" * width_ for width_ in widths)
    return "\n".join([line(cells[0]), rule, *map(line, cells[1:])])


def duration(seconds: float) -> str:
    """`1:02:03`, `02:03`, or `–` if unknown."""
    if not math.isfinite(seconds):
        return "–"
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute:02d}:{second:02d}"


def number(value: float | None, digits: int = 2) -> str:
    """A number, or `–` for none."""
    if value is None or math.isnan(value):
        return "–"
    return f"{value:,.{digits}f}"


def short(value: float) -> str:
    """`5.1k`, `2.3M`."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.1f}{unit}"
    return f"{value:.0f}"
