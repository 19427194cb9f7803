"""The newest runs beside the setup of another one, where the terminal is wide enough for both."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.content import Content

from engine.language.figures import clock
from engine.language.plain_text import one_line
from engine.language.plain_text import width as columns_of
from engine.language.texts import _
from engine.table.catalog import Row
from engine.table.columns import COLUMNS
from engine.table.row_facts import is_worse_in_the_end, strategy_of
from tui.run.listing import Listing
from tui.widgets.polled_lines import PolledLines

if TYPE_CHECKING:
    from tui.app import YiwenApp

LEAST_WIDTH = 140
"""Of the terminal: with less, the setup needs all of it."""
_GAP = 2


class RecentRuns(PolledLines):
    """As many as it is high."""

    SECONDS = 3.0
    DEFAULT_CSS = """
    RecentRuns {
        display: none; dock: right; width: 36%; height: 1fr;
        padding: 0 1; border-left: vkey $panel;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._listing: Listing | None = None

    def lines(self, width: int, height: int) -> list[Content]:
        """The newest runs, what they are and what they came to."""
        if self._listing is None:
            self._listing = Listing(cast("YiwenApp", self.app).runs_root)
        rows = self._listing.rows(height)[: max(0, height - 1)]
        title = Content.styled(_("Recent runs") if rows else _("No runs yet"), "bold $primary")
        said = [title, *_table(rows, width)]
        return said + [Content("")] * (height - len(said))


def _table(rows: list[Row], width: int) -> list[Content]:
    """A line each; the last columns give way where there is no room."""
    columns = [[str(cell(row)) for row in rows] for cell in _CELLS]
    widths = [max(map(columns_of, column), default=0) for column in columns]
    while len(widths) > 2 and sum(widths) + _GAP * (len(widths) - 1) > width:
        widths.pop()
    lines = []
    for at, row in enumerate(rows):
        cells = [
            column[at] + " " * (room - columns_of(column[at]))
            for column, room in zip(columns, widths)
        ]
        text = (" " * _GAP).join(cells).rstrip()
        lines.append(Content.styled(text, "$text-warning" if is_worse_in_the_end(row) else ""))
    return lines


def _what(row: Row) -> str:
    return f"{one_line(row.settings.profile.name)} · {strategy_of(row)}"


def _created(row: Row) -> str:
    return row.settings.created[5:16].replace("T", " ")


def _perplexity(row: Row) -> str:
    return row.perplexity_text if row.summary.score else ""


def _time(row: Row) -> str:
    return clock(row.summary.seconds) if row.summary.status.ended else ""


_CELLS = (COLUMNS["status"].text, _what, _perplexity, _created, _time)
