"""A picture made of cells; of a new one only the cells that differ are sent to the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

Cell = tuple[str, str]
"""A character one column wide, and the part of the picture it belongs to."""
Row = list[Cell]

_NEAR = 12
"""Equal cells between two changes that cost no more than moving the terminal's cursor."""


class CellCanvas(Widget):
    """Textual repaints a widget's region whole; this one names the regions that changed."""

    ALLOW_SELECT = False
    PARTS_PREFIX: ClassVar[str] = ""
    """Before a part's name: the component class of its style."""

    auto_links = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.cells_sent = 0
        """Cells repainted since the picture was mounted, for the tests of thrift."""
        self._rows: list[Row] = []

    def send(self, rows: list[Row]) -> None:
        """Show another picture."""
        before, self._rows = self._rows, rows
        if not self.size:
            return
        changed = [
            Region(start, y, end - start, 1)
            for y in range(self.size.height)
            for start, end in _differences(_row(before, y), _row(rows, y))
        ]
        self.cells_sent += sum(region.width for region in changed)
        if changed:
            self.refresh(*changed)

    def forget(self) -> None:
        """Nothing of the picture is on the terminal any more."""
        self._rows = []

    def render_line(self, y: int) -> Strip:
        """One row, in the theme's colours."""
        segments = [
            Segment("".join(char for char, _ in cells), self._style(part))
            for part, cells in groupby(_row(self._rows, y), key=lambda cell: cell[1])
        ]
        base = self.rich_style
        return Strip(segments).adjust_cell_length(self.size.width, base).apply_style(base)

    def _style(self, part: str) -> Style:
        return self.get_component_rich_style(f"{self.PARTS_PREFIX}{part}", partial=True)


def _row(rows: list[Row], y: int) -> Row:
    return rows[y] if y < len(rows) else []


def _differences(before: Row, after: Row) -> Iterator[tuple[int, int]]:
    """The spans of columns in which two rows differ."""
    if before == after:
        return
    length = max(len(before), len(after))
    blank: Row = [(" ", "axis")]
    old = before + blank * (length - len(before))
    new = after + blank * (length - len(after))
    differing = [column for column in range(length) if old[column] != new[column]]
    start = 0
    for at, column in enumerate(differing):
        if at + 1 == len(differing) or differing[at + 1] - column > _NEAR:
            yield differing[start], column + 1
            start = at + 1
