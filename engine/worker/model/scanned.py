"""Remembers which large files of weights hold numbers only, so that looking once is enough."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from engine.machine import reading
from engine.machine.files import write_atomically
from engine.machine.paths import in_full, state_folder

_KEPT = 200
"""Files; the oldest are forgotten."""
LARGE = 1 << 30
"""Bytes; smaller files are looked through each time, which takes a fifth of a second a GB."""


def is_known(path: Path) -> bool:
    """Was a file found to be good, and not changed since?"""
    return path.stat().st_size >= LARGE and _identity(path) in _known()


def remember(path: Path) -> None:
    """A file was found to be good. What cannot be written is looked through again."""
    if path.stat().st_size < LARGE:
        return
    known = [*_known(), _identity(path)][-_KEPT:]
    with contextlib.suppress(OSError):
        _place().parent.mkdir(parents=True, exist_ok=True)
        write_atomically(_place(), "".join(f"{one}\n" for one in known).encode())


def _known() -> list[str]:
    try:
        return reading.read_text(_place()).splitlines()
    except (OSError, ValueError):
        return []


def _place() -> Path:
    return state_folder() / "weights-of-numbers"


def _identity(path: Path) -> str:
    """One line, by which a file is told from any other and from what it was before."""
    found = path.stat()
    name = os.fsencode(in_full(path)).hex()
    place, size = f"{found.st_dev} {found.st_ino}", found.st_size
    return f"{place} {size} {found.st_mtime_ns} {found.st_ctime_ns} {name}"
