"""The table of runs: rows known by id, updated in place, as many columns as there is room for."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text
from textual.message import Message
from textual.widgets.data_table import ColumnKey

from engine.catalog import Row
from engine.summary import Status
from tui.screens.runs import run_rows
from tui.screens.runs.run_rows import COLUMNS, Order
from tui.widgets.row_table import RowTable, cell

_ARROW_ROOM = 2
_COLOURS = {
    Status.WAITING: "text-muted",
    Status.STARTING: "text-primary",
    Status.RUNNING: "text-primary",
    Status.FINISHED: "text-success",
    Status.STOPPED: "text-warning",
    Status.FAILED: "text-error",
    Status.INTERRUPTED: "text-warning",
}


class RunTable(RowTable):
    """Show it rows as often as you like; the selected run stays selected."""

    class Arranged(Message):
        """The order, the filter, or what there is to show has changed."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.order = Order()
        self.words = ""
        self._rows: list[Row] = []
        self._by_id: dict[str, Row] = {}
        self._texts: dict[str, tuple[str, ...]] = {}
        """What stands in each row, hidden columns included; in the order of the rows."""
        self._arranged: object = None
        """What was told about last."""

    @property
    def selected(self) -> Row | None:
        """The row under the cursor."""
        return self._by_id.get(self.selected_key)

    def on_mount(self) -> None:
        """Colours are part of the cells, so a new theme needs new cells."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._refill())

    def on_resize(self) -> None:
        """Show what fits now."""
        self._fit()

    def show(self, rows: Sequence[Row]) -> None:
        """Take a new list in; only what differs is touched."""
        self._rows = list(rows)
        self._arrange()

    def filter_by(self, words: str) -> None:
        """Show only the rows in which all the words occur."""
        if words.split() == self.words.split():
            return
        self.words = words
        self._refill()

    def sort_by(self, key: str) -> None:
        """Sort by a column, or turn the order round if it is sorted by that one already."""
        self._reorder(self.order.by(key))

    def reverse(self) -> None:
        """Turn the order round."""
        self._reorder(self.order.reversed())

    def _reorder(self, order: Order) -> None:
        self.order = order
        for key, column in self.columns.items():
            column.label = self._label(key.value or "")
        self._arrange()
        self.refresh()
        self.move_cursor(row=self.cursor_row)

    def _refill(self) -> None:
        """One clear is far quicker than hundreds of single removals."""
        selected = self.selected_key
        self.clear()
        self._texts.clear()
        self._arrange()
        self.select(selected)
        self.move_cursor(row=self.cursor_row)

    def _arrange(self) -> None:
        """Bring the rows up to date; tell so only if anything is different now."""
        rows = self.order.sort(run_rows.matching(self._rows, self.words))
        selected, at = self.selected_key, self.cursor_row
        self._by_id = {row.run.id: row for row in rows}
        before, self._texts = self._texts, {key: _texts_of(row) for key, row in self._by_id.items()}
        self._fit()
        self._change_rows(before)
        if self.has(selected):
            self.select(selected)
        elif self.row_count:
            self.move_cursor(row=min(at, self.row_count - 1))
        arranged = (self.words, self.order, self._texts)
        if arranged != self._arranged:
            self._arranged = arranged
            self.post_message(self.Arranged())

    def _change_rows(self, before: dict[str, tuple[str, ...]]) -> None:
        for key in before.keys() - self._texts.keys():
            self.remove_row(key)
        for key, texts in self._texts.items():
            if key not in before:
                self.add_row(*self._cells(key).values(), key=key)
            elif before[key] != texts:
                self._update(key, before[key])
        self.put_in_order(list(self._texts))

    def _update(self, key: str, before: tuple[str, ...]) -> None:
        cells, widths = {}, set()
        for name, text in self._cells(key).items():
            at = list(COLUMNS).index(name)
            if text.plain != before[at]:
                cells[name] = text
                widths.add(cell_len(text.plain) != cell_len(before[at]))
        self.change(key, cells, wider=True in widths)

    def _cells(self, key: str) -> dict[str, Text]:
        """The cells of a row for the columns shown."""
        cells = {}
        for column, text in zip(COLUMNS.values(), self._texts[key], strict=True):
            if ColumnKey(column.key) in self.columns:
                style = self._style(key) if column.key == "status" else ""
                cells[column.key] = cell(text, style, right=column.right)
        return cells

    def _style(self, key: str) -> str:
        colour = self.app.theme_variables.get(_COLOURS[self._by_id[key].summary.status], "")
        return colour if colour.startswith("#") else ""

    def _label(self, key: str) -> Text:
        """A heading, always with room for the arrow, so that no width changes when it moves."""
        column = COLUMNS[key]
        arrow = self.order.arrow if key == self.order.key else " "
        words = f"{arrow} {column.label}" if column.right else f"{column.label} {arrow}"
        return Text(words, justify="right" if column.right else "left", no_wrap=True, end="")

    def _fit(self) -> None:
        """Show the columns that fit, the first always; add and remove at the right end only."""
        wanted = self._fitting()
        shown = [key.value or "" for key in self.columns]
        for key in reversed(shown[len(wanted) :]):
            self.remove_column(key)
        for key in wanted[len(shown) :]:
            self.add_column(self._label(key), key=key)
            for row in self.rows:
                name = row.value or ""
                if name in self._texts:
                    self.update_cell(name, key, self._cells(name)[key], update_width=True)

    def _fitting(self) -> list[str]:
        room = self.size.width - self.styles.scrollbar_size_vertical
        wanted: list[str] = []
        for at, column in enumerate(COLUMNS.values()):
            widest = max((cell_len(texts[at]) for texts in self._texts.values()), default=0)
            room -= max(widest, len(column.label) + _ARROW_ROOM) + 2 * self.cell_padding
            if room < 0 and wanted:
                break
            wanted.append(column.key)
        return wanted


def _texts_of(row: Row) -> tuple[str, ...]:
    return tuple(_clipped(column.text(row), column.widest) for column in COLUMNS.values())


def _clipped(words: str, width: int) -> str:
    text = cell(words)
    text.truncate(width, overflow="ellipsis")
    return text.plain
