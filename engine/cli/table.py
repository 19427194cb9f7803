"""A table in plain text whose Chinese cells line up."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

from engine.language.plain_text import cut, one_line, width
from engine.language.said import Words

_LEAST = 12
"""Cells that an elastic column keeps however narrow the terminal is."""


def table(
    header: Sequence[Words],
    rows: Sequence[Sequence[Words]],
    right: Sequence[int] = (),
    elastic: int | None = None,
) -> str:
    """Columns side by side; `right` names the columns set flush right.

    On a terminal the `elastic` column is cut to what room the others leave.
    """
    cells = [list(map(str, header)), *(list(map(one_line, row)) for row in rows)]
    widths = [max(width(row[column]) for row in cells) for column in range(len(header))]
    room = _room()
    if elastic is not None and room:
        others = sum(widths) - widths[elastic] + 2 * (len(widths) - 1)
        widths[elastic] = min(widths[elastic], max(_LEAST, room - others))
        for row in cells:
            row[elastic] = cut(row[elastic], widths[elastic])

    def line(row: Sequence[str]) -> str:
        padded = []
        for column, cell in enumerate(row):
            gap = " " * (widths[column] - width(cell))
            padded.append(gap + cell if column in right else cell + gap)
        return "  ".join(padded).rstrip()

    rule = "  ".join("─" * width_ for width_ in widths)
    return "\n".join([line(cells[0]), rule, *map(line, cells[1:])])


def _room() -> int:
    """Columns of the terminal; 0 where what is written goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
