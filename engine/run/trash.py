"""Deleting a run so that it can be brought back until the program ends.

Each program has a folder of its own in `.deleted/`, with a lock held for life: one workbench does
not empty another's trash, and what a killed one left behind goes at the next start.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from engine.language.errors import RunError
from engine.machine import lock, regular_files
from engine.machine.files import make_folder
from engine.machine.lock import Lock
from engine.run.folder import Run

FOLDER = ".deleted"
_GOING = ".going"
"""Ends the name of what is being removed: `.NAME.going`."""


class Trash:
    """The runs that this program has deleted, the latest last. One thread at a time."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder: Path | None = None
        self._lock: Lock | None = None
        self._deleted: list[Run] = []

    def __len__(self) -> int:
        return len(self._deleted)

    @property
    def latest(self) -> str:
        """The id of the run that `restore` would bring back; empty if there is none."""
        return self._deleted[-1].id if self._deleted else ""

    def take(self, run: Run) -> None:
        """Move a run's folder away. Raises RunError while its worker lives."""
        if run.is_busy():
            raise RunError("run {run} is running; stop it first", run=run.id)
        try:
            os.replace(run.folder, self._own_folder() / run.id)
        except OSError as error:
            raise RunError(
                "{folder}: cannot be deleted: {reason}", folder=run.folder, reason=error.strerror
            ) from None
        self._deleted.append(run)

    def restore(self) -> Run:
        """Bring the latest one back. Raises RunError."""
        if not self._deleted or self._folder is None:
            raise RunError("nothing was deleted since the workbench was opened")
        run = self._deleted[-1]
        if run.folder.exists():
            raise RunError("{folder}: there is a run of this name again", folder=run.folder)
        try:
            os.replace(self._folder / run.id, run.folder)
        except OSError as error:
            raise RunError(
                "{folder}: cannot be brought back: {reason}",
                folder=run.folder,
                reason=error.strerror,
            ) from None
        return self._deleted.pop()

    def empty(self) -> None:
        """Remove for good what this program has deleted."""
        self._deleted.clear()
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
            if self._lock is not None:
                self._lock.close()
            with suppress(OSError):  # another program has its folder there
                folder.parent.rmdir()

    def _own_folder(self) -> Path:
        if self._folder is None:
            parent = self._root / FOLDER
            make_folder(parent)
            self._folder = Path(tempfile.mkdtemp(dir=parent))
            self._lock = lock.acquire(self._folder)
        return self._folder


def remove(folder: Path) -> None:
    """Remove a folder for good, and from all tables at once: whole, or not at all.

    What is left where that is cut short, `purge` removes. Raises OSError.
    """
    going = folder.with_name(f".{folder.name}{_GOING}")
    regular_files.clear(going)
    os.replace(folder, going)
    shutil.rmtree(going, ignore_errors=True)


def purge(root: Path) -> int:
    """Remove what programs that are gone have deleted; returns how many runs."""
    for going in root.glob(f".*{_GOING}"):
        regular_files.clear(going)
    parent = root / FOLDER
    count = 0
    if not regular_files.is_own_folder(parent):
        return 0
    for folder in filter(regular_files.is_own_folder, list(parent.iterdir())):
        if (folder / "worker.lock").exists() and not lock.is_held(folder):
            count += sum(1 for path in folder.iterdir() if path.is_dir())
            shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        parent.rmdir()
    return count
