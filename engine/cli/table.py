"""A table in plain text whose Chinese cells line up."""

from __future__ import annotations

from collections.abc import Sequence

from engine.text import one_line, width


def table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Columns side by side; `right` names the columns set flush right."""
    cells = [list(header), *(list(map(one_line, row)) for row in rows)]
    widths = [max(width(row[column]) for row in cells) for column in range(len(header))]

    def line(row: Sequence[str]) -> str:
        padded = []
        for column, cell in enumerate(row):
            gap = " " * (widths[column] - width(cell))
            padded.append(gap + cell if column in right else cell + gap)
        return "  ".join(padded).rstrip()

    rule = "  ".join("─" * width_ for width_ in widths)
    return "\n".join([line(cells[0]), rule, *map(line, cells[1:])])
