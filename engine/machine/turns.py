"""One program at a time changes a file that several may change: none loses what another wrote."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.language.errors import RunError
from engine.machine import lock

PATIENCE = 10.0
"""Seconds to wait for others, each of whom needs a few milliseconds."""
_POLL = 0.01


@contextmanager
def alone(file: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Nobody else who asks likewise changes the file meanwhile.

    Raises OSError, or RunError if others do not come to an end.
    """
    name = f".{file.name}"
    handle = lock.open_for_writers(file.parent, name)
    try:
        if _lock(handle, file, patience):
            yield
            return
    finally:
        os.close(handle)
    with _lock_without_locks(file, name, patience):
        yield


def _lock(handle: int, file: Path, patience: float) -> bool:
    """False where the file system has no locks."""
    try:
        return lock.locked(handle, patience)
    except BlockingIOError:
        raise _busy(file) from None


def _lock_without_locks(file: Path, name: str, patience: float) -> lock.Lock:
    deadline = time.monotonic() + patience
    while True:
        with suppress(RunError):
            return lock.acquire(file.parent, name=name, wait=0.0)
        if time.monotonic() > deadline:
            raise _busy(file)
        time.sleep(_POLL)


def _busy(file: Path) -> RunError:
    return RunError("{file}: is being changed by another program; try again", file=file)
