"""Which GPU a worker gets: of those the user lets us see the freest, and no run of ours on it."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from engine.language.errors import RunError
from engine.language.said import Joined, Said
from engine.machine import hardware, lock
from engine.machine.hardware import Gpu
from engine.run import runs_folder

_HIDDEN = ("", "-1", "nodevfiles")
"""Values of CUDA_VISIBLE_DEVICES that are said by who wants no GPU."""
_PART = "mig-"
"""How the name of a part of a GPU begins, which the driver does not list among GPUs."""


def visible(gpus: Sequence[Gpu]) -> list[Gpu]:
    """The GPUs that may be taken: CUDA_VISIBLE_DEVICES of the user's own leaves them.

    None where they are hidden on purpose. Raises RunError where it names only what is not there:
    CUDA would compute on the processor, and say nothing.
    """
    wish = os.environ.get("CUDA_VISIBLE_DEVICES")
    found = hardware.visible(gpus, wish)
    if found or not gpus or wish is None or is_hidden() or names_a_part():
        return found
    there = Joined(Said("; "), [f"{gpu.index} {gpu.name} {gpu.uuid}" for gpu in gpus])
    raise RunError(
        "CUDA_VISIBLE_DEVICES={value} names no GPU of this machine; there are: {there}. Unset "
        "it, or say CUDA_VISIBLE_DEVICES= (empty) to compute on the processor",
        value=wish,
        there=there,
    )


def is_hidden() -> bool:
    """Does the user want no GPU to be seen?"""
    return os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip().lower() in _HIDDEN


def names_a_part() -> bool:
    """Does the user name a part of a GPU? Only CUDA knows which it is."""
    return os.environ.get("CUDA_VISIBLE_DEVICES", "").strip().lower().startswith(_PART)


def freest(gpus: Sequence[Gpu], busy: Collection[str] = ()) -> Gpu | None:
    """The GPU to take: one without a run of ours if there is one, then that with most room."""
    return max(gpus, key=lambda gpu: (gpu.uuid not in busy, gpu.free), default=None)


def take(gpus: Sequence[Gpu], root: Path | None = None) -> Gpu | None:
    """The GPU for a worker, beside the runs of a folder; None: CUDA or the processor decides.

    Raises RunError as `visible` does.
    """
    found = visible(gpus)
    several = root is not None and len(found) > 1
    return freest(found, (busy(root, found) or ()) if root is not None and several else ())


def busy(root: Path, gpus: Sequence[Gpu]) -> set[str] | None:
    """GPUs on which runs of this folder are at work; None if none is at work at all."""
    default = gpus[0].uuid if gpus else ""
    found: set[str] = set()
    for run in runs_folder.list_all(root):
        holder = lock.holder(run.folder) if run.alive() else None
        is_chosen = holder is not None and (holder.gpu or not holder.is_starting)
        if holder is not None and is_chosen and holder.is_here:
            found.add(holder.gpu or default)
    return found or None
