"""What the workbench remembers of how a user likes to look at things, between sessions."""

from __future__ import annotations

from contextlib import suppress

import msgspec
from msgspec import Struct

from engine.paths import state_folder, write_atomically
from engine.table.run_columns import COLUMNS, USUAL, Order

_FILE = "workbench.json"


class RunsView(Struct, frozen=True):
    """How the table of runs is shown."""

    columns: tuple[str, ...] = USUAL
    sort: str = "created"
    reverse: bool = True
    grouped: bool = False

    @property
    def order(self) -> Order:
        return Order(self.sort, self.reverse, self.grouped)


def runs_view() -> RunsView:
    """As it was left; as usual where nothing sensible is kept."""
    try:
        kept = msgspec.json.decode((state_folder() / _FILE).read_bytes(), type=RunsView)
    except (OSError, msgspec.DecodeError):
        return RunsView()
    columns = tuple(key for key in kept.columns if key in COLUMNS)
    sort = kept.sort if kept.sort in COLUMNS else "created"
    return RunsView(columns or USUAL, sort, kept.reverse, kept.grouped)


def keep_runs_view(view: RunsView) -> None:
    """Keep it; where that cannot be, nothing is lost but a preference."""
    with suppress(OSError):
        folder = state_folder()
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / _FILE, msgspec.json.encode(view))
