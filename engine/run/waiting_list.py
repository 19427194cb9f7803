"""The runs that wait for their turn: one small file in the runs folder, replaced whole.

A run that waits is an ordinary run folder that no worker has touched yet; the file holds only the
order, and what each is expected to need. `engine.queue.scheduler` starts them.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from engine.language.errors import RunError, cannot_write, reason_of
from engine.machine import reading, regular_files, turns
from engine.machine.files import make_folder, write_atomically
from engine.machine.regular_files import is_name


class Entry(Struct, frozen=True):
    """A run that waits."""

    run: str
    """Its id."""
    memory: int = 0
    """Bytes of a GPU that it is expected to need; 0 if unknown."""
    added: float = msgspec.field(default_factory=time.time)
    """Seconds since the epoch."""


def folder_of(root: Path) -> Path:
    """Where the queue of a runs folder keeps its files."""
    return root / ".queue"


def read(root: Path) -> list[Entry]:
    """The entries, the next one first. Raises RunError if the file is broken."""
    path = _file(root)
    try:
        found = reading.json_of(regular_files.content(path, most=reading.SMALL), list[Entry])
        return [entry for entry in found if is_name(entry.run)]
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise RunError(
            "{path}: cannot be read: {error}; delete it to empty the queue (no run is lost)",
            path=path,
            error=reason_of(error),
        ) from None


def holds(root: Path, run_id: str) -> bool:
    """Is a run in the queue?"""
    try:
        return any(entry.run == run_id for entry in read(root))
    except RunError:
        return False


def add(root: Path, entry: Entry) -> None:
    """Put a run at the end."""
    _change(root, lambda entries: [*(e for e in entries if e.run != entry.run), entry])


def remove(root: Path, run_id: str) -> bool:
    """Take a run out, if it is in; tells whether it was. Raises RunError."""
    if all(entry.run != run_id for entry in read(root)):
        return False
    return _change(root, lambda entries: [entry for entry in entries if entry.run != run_id])


def move(root: Path, run_id: str, place: int) -> bool:
    """Put a run at a place, counted from 0; tells whether something changed."""

    def moved(entries: Sequence[Entry]) -> list[Entry]:
        found = [entry for entry in entries if entry.run == run_id]
        others = [entry for entry in entries if entry.run != run_id]
        at = min(max(0, place), len(others))
        return [*others[:at], *found, *others[at:]]

    return _change(root, moved)


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Nobody else changes the list meanwhile. Raises RunError."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        make_folder(folder_of(root))
        with turns.alone(_file(root)):
            yield
    except OSError as error:
        raise RunError(
            "{root}: cannot hold a queue: {reason}", root=root, reason=reason_of(error)
        ) from None


def _change(root: Path, edit: Callable[[list[Entry]], list[Entry]]) -> bool:
    with locked(root):
        before = read(root)
        after = edit(before)
        if after == before:
            return False
        try:
            if after:
                write_atomically(_file(root), msgspec.json.encode(after))
            else:
                with contextlib.suppress(FileNotFoundError):
                    _file(root).unlink()
        except OSError as error:
            raise RunError(cannot_write(_file(root), error)) from None
    return True


def _file(root: Path) -> Path:
    return folder_of(root) / "waiting.json"
