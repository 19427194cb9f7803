"""Decides whether a waiting run may start now, and where; if not, says what it waits for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from engine.language import figures
from engine.language.said import Said, Words
from engine.machine.hardware import Gpu


@dataclass(frozen=True)
class Place:
    """Where a run may start, or why it may not."""

    free: bool
    gpu: str = ""
    """UUID; empty on a machine without GPUs."""
    reason: Words = ""
    """What it waits for; empty when it may start."""


def find_place(
    memory: int, wish: str, gpus: Sequence[Gpu], busy: Collection[str], any_active: bool
) -> Place:
    """The place for a run that needs `memory` bytes and may wish for one GPU (a UUID).

    `busy` are the GPUs on which runs of this folder are at work: one at a time each, for two would
    only slow each other. Without a GPU the whole machine is one place.
    """
    if not gpus:
        if wish:
            return Place(False, reason=Said("waits for its GPU, which is not on this machine now"))
        if any_active:
            return Place(False, reason=Said("waits for the run at work to end"))
        return Place(True)
    candidates = [gpu for gpu in gpus if not wish or gpu.uuid == wish]
    if not candidates:
        return Place(False, reason=Said("waits for its GPU, which is not on this machine now"))
    idle = [gpu for gpu in candidates if gpu.uuid not in busy]
    roomy = [gpu for gpu in idle if gpu.free >= memory]
    if roomy:
        return Place(True, max(roomy, key=lambda gpu: gpu.free).uuid)
    if all(gpu.total < memory for gpu in candidates):
        most = figures.size(max(gpu.total for gpu in candidates))
        return Place(
            False,
            reason=Said(
                "needs about {need}, more than a GPU here has ({most})",
                need=figures.size(memory),
                most=most,
            ),
        )
    if not idle:
        return Place(False, reason=Said("waits for the run on its GPU to end"))
    freest = max(idle, key=lambda gpu: gpu.free)
    need, free = figures.size(memory), figures.size(freest.free)
    return Place(
        False,
        reason=Said(
            "waits for {need} free on a GPU; GPU {index} has {free}",
            need=need,
            index=freest.index,
            free=free,
        ),
    )
