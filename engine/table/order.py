"""The order of the table of runs: by which column, which way round, in groups or not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.run.summary import Status
from engine.table.catalog import Row
from engine.table.columns import COLUMNS


@dataclass(frozen=True)
class Order:
    """The order of the rows."""

    key: str = "created"
    reverse: bool = True
    grouped: bool = False
    """Runs of one profile together, the profiles by name."""

    def by(self, key: str) -> Order:
        """Order by a column, in the direction of most use; turned round if it was that already."""
        if key == self.key:
            return self.reversed()
        return Order(key, COLUMNS[key].falling, self.grouped)

    def reversed(self) -> Order:
        """The same the other way round."""
        return Order(self.key, not self.reverse, self.grouped)

    def turned(self, grouped: bool) -> Order:
        """The same, in groups or not."""
        return Order(self.key, self.reverse, grouped)

    @property
    def arrow(self) -> str:
        """Greatest first: down."""
        return "▾" if self.reverse else "▴"

    def sort(self, rows: Iterable[Row]) -> list[Row]:
        """The rows in this order; those without a value last, ties as they were."""
        rows = list(rows)
        ranks = [_rank(self.key, row) for row in rows]
        known = [at for at, rank in enumerate(ranks) if rank is not None]
        known.sort(key=ranks.__getitem__, reverse=self.reverse)  # type: ignore[arg-type]
        unknown = (row for row, rank in zip(rows, ranks) if rank is None)
        rows = [*(rows[at] for at in known), *unknown]
        if self.grouped:
            rows.sort(key=lambda row: row.settings.profile.name.casefold())
        return rows


def _rank(key: str, row: Row) -> str | float | None:
    if key == "status":
        return list(Status).index(row.summary.status)
    value = COLUMNS[key].value(row)
    if isinstance(value, str):
        folded = value.casefold()
        return value if folded == value else folded  # no copies of ten thousand dates
    return value
