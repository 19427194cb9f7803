"""What the workbench remembers of how a user likes to look at things, between sessions."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from engine.language.errors import RunError
from engine.machine import reading, turns
from engine.machine.files import write_atomically
from engine.machine.paths import state_folder
from engine.table.columns import COLUMNS, USUAL
from engine.table.order import Order

_RUNS = "workbench.json"
_LOOK = "look.json"
_DESK = "desk.json"
T = TypeVar("T")


class RunsView(Struct, frozen=True):
    """How the table of runs is shown."""

    columns: tuple[str, ...] = USUAL
    sort: str = "created"
    reverse: bool = True
    grouped: bool = False

    @property
    def order(self) -> Order:
        return Order(self.sort, self.reverse, self.grouped)


class Look(Struct, frozen=True):
    """How the workbench looks."""

    theme: str = ""
    """Empty for the usual one."""


class Desk(Struct, frozen=True):
    """What lay on the desk: the run set up last, and the run watched last."""

    profile: str = ""
    strategy: str = ""
    overrides: dict[str, str] = {}
    watched: str = ""
    """The run's folder."""


def desk() -> Desk:
    """As it was left."""
    return _read(_DESK, Desk())


def keep_desk(**changes: object) -> None:
    """Keep what changed; the rest stays as it was left."""
    _keep(_DESK, Desk(), changes)


def look() -> Look:
    """As it was left."""
    return _read(_LOOK, Look())


def keep_look(**changes: object) -> None:
    """Keep what changed."""
    _keep(_LOOK, Look(), changes)


def runs_view() -> RunsView:
    """As it was left; as usual where nothing sensible is kept."""
    kept = _read(_RUNS, RunsView())
    columns = tuple(key for key in kept.columns if key in COLUMNS)
    sort = kept.sort if kept.sort in COLUMNS else "created"
    return RunsView(columns or USUAL, sort, kept.reverse, kept.grouped)


def keep_runs_view(view: RunsView, before: RunsView) -> None:
    """Keep what is not as it was before; another workbench may have kept the rest."""
    found, old = msgspec.structs.asdict(view), msgspec.structs.asdict(before)
    _keep(_RUNS, RunsView(), {key: value for key, value in found.items() if value != old[key]})


def _read(file: str, usual: T) -> T:
    try:
        return reading.json_file(state_folder() / file, type(usual))
    except (OSError, ValueError):
        return usual


def _keep(file: str, usual: Struct, changes: dict[str, Any]) -> None:
    """Several threads and workbenches may keep something: none loses what another kept.

    Where nothing can be kept, nothing is lost but a preference.
    """
    with suppress(OSError, RunError):
        folder = state_folder()
        folder.mkdir(parents=True, exist_ok=True)
        with turns.alone(folder / file):
            before = _read(file, usual)
            after = msgspec.structs.replace(before, **changes)
            if after != before:
                write_atomically(folder / file, msgspec.json.encode(after))
