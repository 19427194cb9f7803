"""Which runs the table shows, in which order, under which columns: worked out in a thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from rich.cells import cell_len

from engine.language.plain_text import one_line
from engine.table.catalog import Row
from engine.table.columns import COLUMNS, USUAL
from engine.table.order import Order
from engine.table.query import Query
from tui.widgets.cells import clipped

_MEASURED = 500
"""Rows that decide how wide a column is; longer words further down are cut."""


@dataclass(frozen=True)
class View:
    """What was wished for: the query, the order, the columns."""

    query: Query = field(default_factory=lambda: Query(""))
    order: Order = Order()
    columns: tuple[str, ...] = USUAL


@dataclass(frozen=True)
class Arrangement:
    """The rows found, in order, and how wide their columns are."""

    view: View = field(default_factory=View)
    rows: tuple[Row, ...] = ()
    total: int = 0
    """Rows there are, found or not."""
    widths: dict[str, int] = field(default_factory=dict)
    """By column, the more important first; columns in which nothing stands are left out."""
    groups: dict[str, int] = field(default_factory=dict)
    """Runs by profile, where they are grouped."""


def arrange(rows: Sequence[Row], view: View) -> Arrangement:
    """Filter, sort, group and measure; call it from a thread."""
    found = view.order.sort(view.query.matching(rows))
    groups = Counter(row.settings.profile.name for row in found) if view.order.grouped else {}
    grouped_by = ["profile"] if groups else []
    columns = dict.fromkeys([*grouped_by, *view.columns, view.order.key])
    widths = {}
    for key in columns:
        width = max((cell_len(words(row, key)) for row in islice(found, _MEASURED)), default=0)
        if width or key == view.order.key:
            widths[key] = width
    if groups:
        widths["profile"] += max(len(f" ({count})") for count in groups.values())
    return Arrangement(view, tuple(found), len(rows), widths, dict(groups))


def words(row: Row, key: str) -> str:
    """What stands in a cell; a number that is not there leaves it empty."""
    column = COLUMNS[key]
    said = column.text(row)
    if said == "–":
        return ""
    return clipped(one_line(said), column.widest)
