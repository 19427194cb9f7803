"""The table of runs: rows known by id, as many columns as there is room for."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual.message import Message
from textual.strip import Strip

from engine.run.summary import Status
from engine.table.catalog import Row
from engine.table.columns import COLUMNS
from engine.table.order import Order
from engine.table.row_facts import is_worse_in_the_end
from tui.screens.runs.arrangement import Arrangement, words
from tui.widgets.cells import Cell, Heading
from tui.widgets.line_table import LineTable

_ARROW_ROOM = 2
_SIGN_ROOM = 1
"""For the sign at the right edge, where there are more columns."""
_COLOURS = {
    Status.WAITING: "text-muted",
    Status.STARTING: "text-primary",
    Status.RUNNING: "text-primary",
    Status.FINISHED: "text-success",
    Status.STOPPED: "text-warning",
    Status.FAILED: "text-error",
    Status.INTERRUPTED: "text-warning",
}


class RunTable(LineTable):
    """Show it arrangements as often as you like; the selected run stays selected."""

    class Arranged(Message):
        """The order, the filter, or what there is to show has changed."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.arrangement = Arrangement()
        self._passed = 0
        """Columns that are scrolled out of sight, those after the first."""

    @property
    def selected(self) -> Row | None:
        """The row under the cursor."""
        return self.arrangement.rows[self.cursor_row] if self.selected_key else None

    @property
    def columns(self) -> list[str]:
        """The keys of the columns that are shown."""
        return [heading.key for heading in self.headings]

    def column(self, key: str) -> list[str]:
        """What stands in a column, row by row."""
        return [words(row, key) for row in self.arrangement.rows]

    def show(self, arrangement: Arrangement) -> None:
        """Take other rows, or the same in another order; only what differs is painted."""
        before, self.arrangement = self.arrangement, arrangement
        self._fit()
        self.show_rows([row.run.id for row in arrangement.rows])
        if before != arrangement:
            self.post_message(self.Arranged())

    def on_resize(self) -> None:
        """Show the columns that fit now."""
        self._fit()
        super().on_resize()
        self.draw_changes()

    def toggle_mark(self, key: str) -> None:
        """Mark a run; the first mark takes room from the columns."""
        super().toggle_mark(key)
        self._fit()
        self.draw_changes()

    def cells(self, key: str) -> Sequence[Cell]:
        row = self.arrangement.rows[self._place[key]]
        return [self._cell(row, heading.key) for heading in self.headings]

    def _cell(self, row: Row, key: str) -> Cell:
        said = words(row, key)
        if key in ("status", "perplexity") and is_worse_in_the_end(row):
            return Cell(said, _COLOURS[Status.STOPPED])
        if key == "status":
            return Cell(said, _COLOURS[row.summary.status])
        if key == "profile" and self.arrangement.groups:
            return self._group_cell(row, said)
        return Cell(said)

    def _group_cell(self, row: Row, said: str) -> Cell:
        """The first of a profile names it and counts them; the others only repeat the name."""
        at = self._place.get(row.run.id, 0)
        name = row.settings.profile.name
        if at and self.arrangement.rows[at - 1].settings.profile.name == name:
            return Cell(said, dim=True)
        return Cell(f"{said} ({self.arrangement.groups[name]})", bold=True)

    def scroll_columns(self, step: int) -> None:
        """Show columns further right, or left."""
        if step < 0 or self._has_more:
            self._passed = max(0, self._passed + step)
            self._fit()
            self.draw_changes()

    @property
    def _has_more(self) -> bool:
        """Are there columns beyond the right edge?"""
        return self._passed + len(self.headings) < len(self.arrangement.widths)

    def _look(self, y: int) -> tuple[object, ...]:
        look = super()._look(y)
        return look if y else (*look, self._passed, self._has_more)

    def render_line(self, y: int) -> Strip:
        """In the line of headings, say where columns are out of sight."""
        strip = super().render_line(y)
        if y or not self.headings:
            return strip
        style = self.get_component_rich_style("line-table--heading")
        if self._passed:  # the first column stays, so they lie behind it
            strip = _over(strip, self._gutter + 1 + self.headings[0].width, Segment("‹", style))
        if self._has_more:
            strip = _over(strip, self.size.width - 1, Segment("›", style))
        return strip

    def _fit(self) -> None:
        """As many columns as fit: the first always, and the one that rows are sorted by.

        The usual order goes without saying.
        """
        every = [self._heading(key) for key in self.arrangement.widths]
        self._passed = min(self._passed, max(0, len(every) - 2))
        following = every[1 + self._passed :]
        by = self.arrangement.view.order.key
        pinned = None
        if by != Order().key:
            pinned = next((one for one in following if one.key == by), None)
        room = self.size.width - 1 - self._gutter + self.GAP
        room -= sum(one.width + self.GAP for one in every[:1])
        if sum(one.width + self.GAP for one in following) > room:
            room -= _SIGN_ROOM
        shown = every[:1]
        for one in following:
            room -= one.width + self.GAP
            kept_free = pinned.width + self.GAP if pinned and pinned not in (one, *shown) else 0
            if room < kept_free:
                break
            shown.append(one)
        if pinned and pinned not in shown:
            shown.append(pinned)
        self.headings = shown

    def _heading(self, key: str) -> Heading:
        column = COLUMNS[key]
        width = max(self.arrangement.widths[key], cell_len(str(column.label)) + _ARROW_ROOM)
        return Heading(key, self._label(key), width, column.right)

    def _label(self, key: str) -> str:
        """A heading, with the arrow if the table is sorted by it."""
        column, order = COLUMNS[key], self.arrangement.view.order
        if key != order.key:
            return str(column.label)
        return f"{order.arrow} {column.label}" if column.right else f"{column.label} {order.arrow}"


def _over(strip: Strip, at: int, sign: Segment) -> Strip:
    """A line with a sign of one cell over what stands there."""
    return Strip.join([strip.crop(0, at), Strip([sign]), strip.crop(at + 1)])
