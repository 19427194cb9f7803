"""Whether a run fits on the disk of the runs folder; if not, what is missing and what may go."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from engine.language.errors import RunError
from engine.language.figures import size
from engine.language.said import Joined, Said
from engine.machine import hardware
from engine.profile.schema import Profile
from engine.run import runs_folder, trash
from engine.run.folder import Run
from engine.run.settings import Job


def require(root: Path, profile: Profile, job: Job, pairs: Mapping[str, int]) -> None:
    """See that a new run fits. Raises RunError, after what nobody can bring back was removed."""
    from engine.start import disk_estimate  # reads models, which only who starts one wants to

    _require(root, disk_estimate.whole(profile, job, pairs))


def require_rest(run: Run) -> None:
    """See that what a run has still to write fits. Raises RunError."""
    _require(run.root, _rest(run))


def lacking(run: Run) -> Said | str:
    """What a run that waits for its turn waits for, if that is room on the disk; else empty."""
    free, need = hardware.free_disk(run.root), _rest(run)
    if free is None or free >= need:
        return ""
    words = Said("waits for {need} free on the disk of the runs; {free} are")
    return words.filled(need=size(need), free=size(free))


def _rest(run: Run) -> int:
    from engine.start import disk_estimate

    settings = run.settings
    pairs = {part: data.pairs for part, data in settings.data.items()}
    whole = disk_estimate.whole(settings.profile, settings.job, pairs)
    return max(disk_estimate.LEAST, whole - run.size())


def _require(root: Path, need: int) -> None:
    free = hardware.free_disk(root)
    if free is None or free >= need:
        return
    trash.purge(root)
    free = hardware.free_disk(root) or 0
    if free >= need:
        return
    raise RunError(
        "{root}: the run needs about {need} on the disk at {disk}, which has {free} free: "
        "{missing} are missing; {remedy}",
        root=root,
        need=size(need),
        disk=_disk(root),
        free=size(free),
        missing=size(need - free),
        remedy=Joined("; ", _remedies(root)),
    )


def _disk(folder: Path) -> Path:
    """Where the disk that holds a folder, or will hold it, is mounted."""
    while not os.path.ismount(folder) and folder != folder.parent:
        folder = folder.parent
    return folder


def _remedies(root: Path) -> Iterator[Said]:
    """What may be deleted, with what it holds."""
    if deleted := _bytes(root / trash.FOLDER):
        yield Said(
            "{size} of deleted runs go when the workbench that deleted them is closed",
            size=size(deleted),
        )
    ended = [run for run in runs_folder.list_all(root) if not run.alive()]
    held = {run.id: _bytes(run.checkpoints_path) for run in ended}
    if sum(held.values()):
        most = max(held, key=lambda name: held[name])
        yield Said(
            "checkpoints of runs that have ended hold {size}, those of {run} most: "
            "`yiwen delete {run}`",
            size=size(sum(held.values())),
            run=most,
        )
    yield Said(
        "or name another disk with --runs, raise training.checkpoint_every, or set "
        "training.keep_checkpoints = 2"
    )


def _bytes(folder: Path) -> int:
    found = 0
    for place, _folders, files in os.walk(folder):
        for name in files:
            try:
                found += os.lstat(os.path.join(place, name)).st_size
            except OSError:
                continue
    return found
