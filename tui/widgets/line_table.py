"""A table of any number of rows, of which only those in sight are made and only changed ones sent.

Textual's DataTable measures every cell it is given, which stops the screen for seconds at 10,000
rows; here a row is text only when it is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.widgets.cells import Cell, Heading, fitted


class LineTable(ScrollView, can_focus=True):
    """Subclasses say what stands in a row (`cells`); `show_rows` says which rows there are."""

    class Moved(Message):
        """The cursor stands on another row, or on none."""

    class Chosen(Message):
        """The row under the cursor was clicked."""

    class HeadingClicked(Message):
        """A column's heading was clicked."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    GAP: ClassVar[int] = 2
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,ctrl+home", "to(0)", "First row", show=False),
        Binding("end,ctrl+end", "to(-1)", "Last row", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line-table--heading",
        "line-table--cursor",
        "line-table--marked",
    }
    DEFAULT_CSS = """
    LineTable {
        height: 1fr;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
        background: $background;
        & > .line-table--heading { background: $background; color: $text-muted; text-style: bold; }
        & > .line-table--marked { background: $secondary 20%; }
        & > .line-table--cursor { background: $primary 25%; color: $foreground; text-style: none; }
        &:focus > .line-table--cursor {
            background: $primary 40%; color: $foreground; text-style: bold;
        }
    }
    """

    auto_links = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.cursor_row = 0
        self.marked: set[str] = set()
        """Keys of rows that stand out; a gutter shows them while there are any."""
        self.headings: list[Heading] = []
        self._keys: list[str] = []
        self._place: dict[str, int] = {}
        self._drawn: dict[int, object] = {}
        """What was drawn last in each line, to send only what differs."""

    # What there is

    def cells(self, key: str) -> Sequence[Cell]:
        """What stands in a row, one for each heading."""
        raise NotImplementedError

    @property
    def keys(self) -> list[str]:
        """The keys of all rows, in order."""
        return self._keys

    @property
    def row_count(self) -> int:
        return len(self._keys)

    @property
    def selected_key(self) -> str:
        """The key of the row under the cursor; empty if there is none."""
        return self._keys[self.cursor_row] if self.cursor_row < len(self._keys) else ""

    def show_rows(self, keys: Sequence[str]) -> None:
        """Take other rows; the cursor stays on its row, or else where it is."""
        selected = self.selected_key
        self._keys = list(keys)
        self._place = {key: at for at, key in enumerate(self._keys)}
        last = max(0, len(self._keys) - 1)
        self.cursor_row = self._place.get(selected, min(self.cursor_row, last))
        size = Size(1, len(self._keys) + 1)
        if size != self.virtual_size:
            self.virtual_size = size
        self._scroll_to_cursor()
        self.draw_changes()
        if self.selected_key != selected:
            self.post_message(self.Moved())

    def select(self, key: str) -> None:
        """Put the cursor on a row."""
        if key in self._place:
            self.move_to(self._place[key])

    def move_to(self, row: int) -> None:
        """Put the cursor on a row by its place."""
        row = max(0, min(row, len(self._keys) - 1))
        if row != self.cursor_row:
            self.cursor_row = row
            self._scroll_to_cursor()
            self.draw_changes()
            self.post_message(self.Moved())

    def toggle_mark(self, key: str) -> None:
        """Mark a row, or take its mark away."""
        self.marked ^= {key}
        self.draw_changes()

    def clear_marks(self) -> None:
        """Take all marks away."""
        self.marked.clear()
        self.draw_changes()

    # Keys and mouse

    def action_move(self, step: int) -> None:
        """Up or down."""
        self.move_to(self.cursor_row + step)

    def action_page(self, step: int) -> None:
        """A screenful up or down."""
        self.move_to(self.cursor_row + step * max(1, self._visible - 1))

    def action_to(self, row: int) -> None:
        """The first row, or the last."""
        self.move_to(row if row >= 0 else len(self._keys) - 1)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the row; on the row under the cursor, choose it."""
        event.stop()
        if event.y == 0:
            key = self._heading_at(event.x)
            if key:
                self.post_message(self.HeadingClicked(key))
            return
        row = event.y - 1 + self.scroll_offset.y
        if row == self.cursor_row and row < len(self._keys):
            self.post_message(self.Chosen())
        elif row < len(self._keys):
            self.move_to(row)

    def _heading_at(self, x: int) -> str:
        at = self._gutter
        for heading in self.headings:
            at += heading.width + self.GAP
            if x < at:
                return heading.key
        return ""

    # Drawing

    @property
    def _visible(self) -> int:
        """Rows that there is room for."""
        return max(1, self.size.height - 1)

    @property
    def _gutter(self) -> int:
        return 2 if self.marked else 0

    def _scroll_to_cursor(self) -> None:
        top = self.scroll_offset.y
        if self.cursor_row < top:
            self.scroll_to(y=self.cursor_row, animate=False, immediate=True)
        elif self.cursor_row >= top + self._visible:
            self.scroll_to(
                y=self.cursor_row - self._visible + 1, animate=False, immediate=True, force=True
            )

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self._scroll_to_cursor()

    def draw_changes(self) -> None:
        """Repaint the lines that are no more what was drawn."""
        width = self.size.width
        for y, drawn in list(self._drawn.items()):
            if drawn != self._look(y):
                self.refresh(Region(0, y, width, 1))

    def _look(self, y: int) -> tuple[object, ...]:
        """All that decides how a line is drawn, styles apart."""
        if y == 0:
            return (tuple(self.headings), self._gutter)
        at = y - 1 + self.scroll_offset.y
        if at >= len(self._keys):
            return ()
        key = self._keys[at]
        shape = tuple((heading.width, heading.right) for heading in self.headings)
        is_marked = key in self.marked
        return tuple(self.cells(key)), shape, at == self.cursor_row, is_marked, self._gutter

    def render_line(self, y: int) -> Strip:
        look = self._look(y)
        self._drawn[y] = look
        base = self.rich_style
        if y == 0:
            style = self.get_component_rich_style("line-table--heading")
            return self._strip([(Cell(one.label), style) for one in self.headings], style)
        if not look:
            return Strip.blank(self.size.width, base)
        _, _, on_cursor, is_marked, _ = look
        at = y - 1 + self.scroll_offset.y
        if is_marked:
            base = self.get_component_rich_style("line-table--marked")
        if on_cursor:
            base = self.get_component_rich_style("line-table--cursor")
        cells = self.cells(self._keys[at])
        return self._strip(
            [(cell, self._styled(cell, base)) for cell in cells], base, "▪ " if is_marked else ""
        )

    def _styled(self, cell: Cell, base: Style) -> Style:
        style = base
        colour = self.app.theme_variables.get(cell.colour, "") if cell.colour else ""
        if colour.startswith("#"):
            style += Style(color=colour)
        if cell.bold or cell.dim:
            style += Style(bold=cell.bold or None, dim=cell.dim or None)
        return style

    def _strip(self, cells: Sequence[tuple[Cell, Style]], base: Style, mark: str = "") -> Strip:
        segments = [Segment(mark.ljust(self._gutter), base)] if self._gutter else []
        segments.append(Segment(" ", base))
        for (cell, style), heading in zip(cells, self.headings):
            segments += [
                Segment(fitted(cell.words, heading), style),
                Segment(" " * self.GAP, base),
            ]
        return Strip(segments).adjust_cell_length(self.size.width, base).simplify()
