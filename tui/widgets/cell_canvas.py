"""A picture made of cells; of a new one each row is sent as far as it differs, or not at all."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from engine.language.plain_text import width

Cell = tuple[str, str]
"""What stands in a column, and the part of the picture it belongs to. The second column of a wide
character holds nothing."""
Row = list[Cell]

_BLANK: Row = [(" ", "axis")]


class CellCanvas(Widget):
    """Textual repaints a widget whole unless told what changed, and a row always from its start."""

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
        ends = [_end_of_difference(_row(before, y), _row(rows, y)) for y in range(self.size.height)]
        changed = [Region(0, y, end, 1) for y, end in enumerate(ends) if end]
        self.cells_sent += sum(region.width for region in changed)
        if changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        """One row, in the theme's colours."""
        segments = [Segment(text, self._style(part)) for text, part in _runs(_row(self._rows, y))]
        base = self.rich_style
        return Strip(segments).adjust_cell_length(self.size.width, base).apply_style(base)

    def _style(self, part: str) -> Style:
        return self.get_component_rich_style(f"{self.PARTS_PREFIX}{part}", partial=True)


def _row(rows: list[Row], y: int) -> Row:
    return rows[y] if y < len(rows) else []


def cells(text: str, part: str) -> Row:
    """A text in cells."""
    row: Row = []
    for char in text:
        columns = width(char)
        if columns == 0 and row:  # a combining mark
            row[-1] = (row[-1][0] + char, part)
        elif columns:
            row += [(char, part)] + [("", part)] * (columns - 1)
    return row


def _runs(row: Row) -> list[tuple[str, str]]:
    """Texts of one part each; a blank goes with what is before it, for styles cost many bytes."""
    runs: list[tuple[str, str]] = []
    for char, part in row:
        if runs and (char == " " or part == runs[-1][1]):
            runs[-1] = (runs[-1][0] + char, runs[-1][1])
        else:
            runs.append((char, part))
    return runs


def _end_of_difference(before: Row, after: Row) -> int:
    """The column after the last one in which two rows differ; 0 if they are the same."""
    if before == after:
        return 0
    length = max(len(before), len(after))
    old = before + _BLANK * (length - len(before))
    new = after + _BLANK * (length - len(after))
    end = next((at for at in range(length, 0, -1) if old[at - 1] != new[at - 1]), 0)
    while end < length and "" in (old[end][0], new[end][0]):  # not through a wide character
        end += 1
    return end
