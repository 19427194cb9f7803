"""A table of whole rows; a changed cell repaints its row only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.widgets import DataTable
from textual.widgets.data_table import RowKey

from engine.language.plain_text import one_line

if TYPE_CHECKING:
    from typing_extensions import Self


def cell(text: str, style: str = "", *, right: bool = False) -> Text:
    """A cell, never read as markup."""
    return Text(
        one_line(text),
        style,
        justify="right" if right else "left",
        overflow="ellipsis",
        no_wrap=True,
        end="",
    )


class RowTable(DataTable[Text], inherit_bindings=False):
    """Enter is left to the screen, which knows what it means there and says so in its help."""

    BINDINGS: ClassVar[list[BindingType]] = [
        binding
        for binding in DataTable.BINDINGS
        if isinstance(binding, Binding) and binding.key != "enter"
    ]
    DEFAULT_CSS = """
    RowTable {
        height: 1fr;
        background: $background;
        scrollbar-size-horizontal: 0;
        & > .datatable--header { background: $background; color: $text-muted; text-style: bold; }
        & > .datatable--header-hover { background: $boost; color: $foreground; }
        & > .datatable--hover { background: $boost; }
        & > .datatable--cursor { background: $primary 25%; color: $foreground; text-style: none; }
        &:focus > .datatable--cursor {
            background: $primary 40%; color: $foreground; text-style: bold;
        }
    }
    """

    auto_links = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        self._quiet = False
        super().__init__(id=id, cursor_type="row")

    @property
    def selected_key(self) -> str:
        """The key of the row under the cursor; empty if there is none."""
        if not self.row_count:
            return ""
        return self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value or ""

    def has(self, key: str) -> bool:
        """Is there a row of this key?"""
        return RowKey(key) in self.rows

    def select(self, key: str) -> None:
        """Put the cursor on a row, wherever it stands now."""
        if self.has(key):
            self.move_cursor(row=self.get_row_index(key), scroll=False)

    def change(self, key: str, cells: dict[str, Text], *, wider: bool = False) -> None:
        """Change cells of a row and repaint that row, or everything if a width may change."""
        with self._no_full_refresh():
            for column, text in cells.items():
                self.update_cell(key, column, text, update_width=wider)
        if wider:
            self.refresh()
        else:
            self.refresh_row(self.get_row_index(key))

    @contextmanager
    def _no_full_refresh(self) -> Iterator[None]:
        """DataTable repaints itself at each changed cell; not here."""
        self._quiet = True
        try:
            yield
        finally:
            self._quiet = False

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Repaint, unless cells are just being changed."""
        if self._quiet and not (regions or layout or recompose):
            return self
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def put_in_order(self, keys: Sequence[str]) -> None:
        """Put the rows in the order of `keys`; nothing happens if they stand so already."""
        if [row.key.value for row in self.ordered_rows] == list(keys):
            return
        # sort() shows a row's cells, not its key: so a row is known by its first cell.
        first = self.ordered_columns[0].key
        place = {id(self.get_cell(RowKey(key), first)): at for at, key in enumerate(keys)}
        self.sort(first, key=lambda text: place[id(text)])
