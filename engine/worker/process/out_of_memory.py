"""What to do about a GPU whose memory ran out: it depends on who holds it, and on what was done."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch

from engine.language.figures import size
from engine.language.said import Joined, Said, Words
from engine.machine.hardware import Gpu, GpuProcess, Probe
from engine.machine.words import describe_process
from engine.run import gpu_choice
from engine.worker.process import memory

_CONTEXT = 1 << 30
"""Bytes that CUDA and its libraries take for themselves at most."""
_MUCH = 0.1
"""Share of a GPU: what others hold above it is the reason, below it is not."""
_LOADING = ("loading libraries", "reading data", "loading the model", "loading weights")
_TRANSLATING = ("translating", "translating samples")


@dataclass(frozen=True)
class Holding:
    """Who has a GPU's memory, in bytes, at the moment at which it ran out."""

    total: int
    free: int
    own: int
    """Of this process, what CUDA takes for itself left out."""
    limit: int = 0
    """What model.gpu_memory lets this process have; 0: all."""
    others: tuple[GpuProcess, ...] = ()
    """Processes that can be seen beside this one, the greatest first."""

    @property
    def held_by_others(self) -> int:
        """By the sum of those that say so, or by what is missing."""
        told = sum(process.memory or 0 for process in self.others)
        return max(told, self.total - self.free - self.own - _CONTEXT)


def hint(phase: str) -> Words:
    """What the user can do, after memory ran out in this phase."""
    found = _measure()
    return advice(found, phase) if found else _by_dial(phase)


def advice(found: Holding, phase: str) -> Words:
    """The same for what is known of the GPU."""
    if found.held_by_others > _MUCH * found.total:
        return _taken(found)
    if found.limit:
        return Said(
            "model.gpu_memory lets this run have {limit} of the GPU: raise it, or {smaller}",
            limit=size(found.limit),
            smaller=_smaller(phase),
        )
    if phase in _LOADING:
        return Said(
            "the model alone does not fit into the {total} of the GPU: set quantization.method = "
            "nf4, or take a smaller model or a larger GPU",
            total=size(found.total),
        )
    return _by_dial(phase)


def _by_dial(phase: str) -> Words:
    return Said("the GPU is out of memory: {smaller}", smaller=_smaller(phase))


def _taken(found: Holding) -> Words:
    seen = [process for process in found.others if process.memory != 0][:2]
    who = Joined(Said("; "), map(describe_process, seen))
    return Said(
        "others hold {held} of the {total} of the GPU{who}, {free} are free: let the run wait for "
        "room (`yiwen queue add`), or take another GPU (--gpu)",
        held=size(found.held_by_others),
        total=size(found.total),
        free=size(found.free),
        who=Said(" ({who})", who=who) if who else "",
    )


def _smaller(phase: str) -> Words:
    """Which dial makes what was done smaller."""
    if phase in _LOADING:
        return Said("set quantization.method = nf4, or take a smaller model or a larger GPU")
    if phase in _TRANSLATING:
        return Said("lower generation.batch_size or generation.max_new_tokens")
    if phase.startswith("scoring"):
        return Said("lower evaluation.tokens_per_pass")
    return Said(
        "lower training.tokens_per_pass (and evaluation.tokens_per_pass), or set "
        "training.gradient_checkpointing = true"
    )


def _measure() -> Holding | None:
    """Of the GPU that this process computes on; None if nothing is known of it."""
    gpu = _own_gpu()
    if gpu is None:
        return _by_torch()
    own, others = _own(), [one for one in gpu.processes if one.pid != os.getpid()]
    if own and len(others) == len(gpu.processes):  # a container: one of these may be ourselves
        others = []
    return Holding(gpu.total, gpu.free, own, memory.limit_bytes(), tuple(others))


def _own_gpu() -> Gpu | None:
    try:
        found = gpu_choice.visible(Probe().gpus())
    except Exception:  # an error about an error helps nobody
        return None
    return found[0] if found else None


def _by_torch() -> Holding | None:
    try:
        free, total = torch.cuda.mem_get_info()
    except Exception:  # no context, for there was no memory for one
        return None
    return Holding(total, free, _own(), memory.limit_bytes())


def _own() -> int:
    is_at_work = bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]
    return int(torch.cuda.memory_reserved()) if is_at_work else 0
