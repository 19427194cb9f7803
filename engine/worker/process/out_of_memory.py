"""Memory that ran out: how that is recognised, and what can be done about it.

It depends on whose memory it was, on who holds it, and on what was being done.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch

from engine.language.figures import size
from engine.language.plain_text import one_line
from engine.language.said import Joined, Said, Words
from engine.machine.hardware import Gpu, GpuProcess, Probe
from engine.machine.words import describe_process
from engine.run import gpu_choice
from engine.run.words import phase_name
from engine.worker.process import memory

_CONTEXT = 1 << 30
"""Bytes that CUDA and its libraries take for themselves at most."""
_LONGEST_ID = 40
_MUCH = 0.1
"""Share of a GPU: what others hold above it is the reason, below it is not."""
_LOADING = ("loading libraries", "reading data", "loading the model", "loading weights")
_TRANSLATING = ("translating", "translating samples")
_SAID = ("CUDA error: out of memory", "DefaultCPUAllocator", "CUBLAS_STATUS_ALLOC_FAILED")
"""By errors of libraries that have no type of their own for it."""


def happened(error: BaseException) -> bool:
    """Does an error say that memory ran out, of a GPU or of the machine?"""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(said in str(error) for said in _SAID)


def is_of_gpu(error: BaseException) -> bool:
    """Was it a GPU's memory?"""
    said = str(error)
    return isinstance(error, torch.OutOfMemoryError) or "CUDA" in said or "CUBLAS" in said


class DoesNotFit(Exception):
    """There is no room even for a single item."""

    def __init__(self, item: str, tokens: int, error: BaseException) -> None:
        super().__init__(f"item {item} of {tokens} tokens does not fit into memory: {error}")
        self.item = item
        self.tokens = tokens
        self.is_of_gpu = is_of_gpu(error)


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


def message(error: BaseException, phase: str) -> Said:
    """That memory ran out, and over which item if it was one alone."""
    memory = Said("the GPU's memory") if _is_of_gpu(error) else Said("the system's memory")
    doing = phase_name(phase) if phase else Said("working")
    if isinstance(error, DoesNotFit):
        return Said(
            "{memory} ran out while {doing}: item {item} of {tokens} tokens does not fit, not even "
            "alone",
            memory=memory,
            doing=doing,
            item=one_line(error.item)[:_LONGEST_ID],
            tokens=error.tokens,
        )
    return Said("{memory} ran out while {doing}", memory=memory, doing=doing)


def hint(error: BaseException, phase: str) -> Words:
    """What the user can do, after memory ran out in this phase."""
    alone = isinstance(error, DoesNotFit)
    found = _measure() if _is_of_gpu(error) else None
    return advice(found, phase, alone=alone) if found else _smaller(phase, alone=alone)


def _is_of_gpu(error: BaseException) -> bool:
    return error.is_of_gpu if isinstance(error, DoesNotFit) else is_of_gpu(error)


def advice(found: Holding, phase: str, *, alone: bool = False) -> Words:
    """The same for what is known of the GPU."""
    if found.held_by_others > _MUCH * found.total:
        return _taken(found)
    if found.limit:
        return Said(
            "model.gpu_memory lets this run have {limit} of the GPU: raise it, or {smaller}",
            limit=size(found.limit),
            smaller=_smaller(phase, alone=alone),
        )
    if phase in _LOADING:
        return Said(
            "the model alone does not fit into the {total} of the GPU: set quantization.method = "
            "nf4, or take a smaller model or a larger GPU",
            total=size(found.total),
        )
    return _smaller(phase, alone=alone)


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


def _smaller(phase: str, *, alone: bool) -> Words:
    """Which dial makes what was done smaller; of an item alone, which one leaves it out."""
    if phase in _LOADING:
        return Said("set quantization.method = nf4, or take a smaller model or a larger GPU")
    if phase == "merging":
        return Said("end what else holds memory, or merge with --dtype bfloat16")
    if phase in _TRANSLATING:
        if alone:
            return Said("lower generation.max_new_tokens, or few_shot.examples")
        return Said("lower generation.batch_size or generation.max_new_tokens")
    if phase.startswith("scoring"):
        if alone:
            return Said("lower evaluation.max_tokens, which cuts it, or few_shot.examples")
        return Said("lower evaluation.tokens_per_pass")
    if alone:
        return Said(
            "set training.gradient_checkpointing = true, or lower training.max_prompt_tokens or "
            "training.max_output_tokens, which leaves it out"
        )
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
