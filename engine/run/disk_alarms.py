"""Alarms of a disk that is nearly full, or that was when the worker went."""

from __future__ import annotations

from pathlib import Path

from engine.language.figures import size
from engine.language.said import Said
from engine.run.alarm import Alarm

_LEAST = 500_000_000
"""Bytes that should be free whatever a checkpoint takes."""
_FULL = 1_000_000
"""With fewer bytes free, hardly an event can be written."""


def low(free: int | None, need: int) -> Alarm | None:
    """While a worker is at work: the next checkpoint takes `need` bytes."""
    if free is None or free >= max(_LEAST, 2 * need):
        return None
    return Alarm(
        "disk",
        Said("Only {free} are free on the disk of the runs", free=size(free)),
        Said("delete runs that nobody needs before the next checkpoint is due"),
    )


def full(free: int | None, need: int) -> Alarm | None:
    """Why a worker may be gone without a word, and why another one would be soon."""
    if free is None or free >= max(_FULL, need):
        return None
    return Alarm(
        "disk",
        Said("The disk of the runs is full: {free} are free", free=size(free)),
        Said("make room there, then resume the run"),
    )


def newest_checkpoint(folder: Path) -> int:
    """Bytes of the last checkpoint, which the next one will take too."""
    try:
        names = sorted(path for path in folder.glob("step-*") if path.is_dir())
        return sum(file.stat().st_size for file in names[-1].rglob("*")) if names else 0
    except OSError:
        return 0  # just being renamed into place
