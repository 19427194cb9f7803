"""What a worker that was killed left half written in a run's folder; the next one removes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from engine.machine import regular_files

_HALF_WRITTEN = re.compile(r"\..+\.([0-9a-f]{12}|part)")
_FOLDERS = ("evaluations", "checkpoints")
"""Where none but the worker writes; beside notes.toml somebody may be writing just now."""


def clear(folder: Path) -> None:
    """Call it with the run's lock held. What cannot be removed stays, for it does no harm."""
    for path in _found(folder):
        if regular_files.is_own_folder(path):
            regular_files.clear(path)
        else:
            with suppress(OSError):
                path.unlink()


def _found(folder: Path) -> Iterator[Path]:
    yield from folder.glob(".adapter.part")
    for name in _FOLDERS:
        if regular_files.is_own_folder(folder / name):
            for path in (folder / name).iterdir():
                if _HALF_WRITTEN.fullmatch(path.name):
                    yield path
