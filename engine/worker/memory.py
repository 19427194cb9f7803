"""How much memory there is, and how many tokens of a pass fit in it."""

from __future__ import annotations

import psutil
import torch

from engine.worker.fast.architecture import Shape
from engine.worker.fast.loss import CHUNK

GIB = 1 << 30
_FAIR_PASS = 2048
"""Tokens that should fit in a pass beside cached weights."""
_PASSES_WITH_GRAPHS = 4
"""Fair passes there must be room for: what recorded graphs hold is lost to the others."""
_SPARE = GIB // 2
"""Left free: for what is compiled, for fragments, for others."""


_fraction = 1.0
"""Of the GPU that this process may use, as `limit` set it; older releases of torch do not tell."""


def free_bytes(device: torch.device) -> int:
    """What may still be allocated on a device."""
    if device.type != "cuda":
        return int(psutil.virtual_memory().available)
    free, total = torch.cuda.mem_get_info(device)
    allocated = torch.cuda.memory_allocated(device)
    held = torch.cuda.memory_reserved(device) - allocated
    return min(free + held, int(_fraction * total) - allocated)


def peak_bytes(device: torch.device) -> int:
    """The most that PyTorch had of a GPU until now, or what of main memory is resident now."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return int(psutil.Process().memory_info().rss)


def limit(device: torch.device, gib: float) -> None:
    """Use no more than so many GiB of a GPU from now on; 0: all of it."""
    global _fraction
    if device.type == "cuda":
        total = torch.cuda.get_device_properties(device).total_memory
        _fraction = min(1.0, gib * GIB / total) if gib else 1.0
        torch.cuda.set_per_process_memory_fraction(_fraction, device)


def permits_cache(
    shape: Shape, device: torch.device, cache: int, width: int, passes: int = 1
) -> bool:
    """Is there room for dequantised weights, and for passes of a fair size beside them?"""
    each = bytes_a_token(shape, width, training=True, checkpointing=False)
    needed = cache + passes * _FAIR_PASS * each + logits_bytes(shape, width) + _SPARE
    return free_bytes(device) >= needed


def permits_graphs(shape: Shape, device: torch.device, cache: int, width: int) -> bool:
    """Is there room for recorded passes, besides the others and dequantised weights?"""
    return permits_cache(shape, device, cache, width, _PASSES_WITH_GRAPHS)


def bytes_a_token(shape: Shape, width: int, *, training: bool, checkpointing: bool) -> int:
    """Activations of one token, in numbers of `width` bytes."""
    heads = shape.head_dim * (2 * shape.heads + 2 * shape.kv_heads)
    layer = 6 * shape.hidden + heads + 3 * shape.intermediate
    layers = len(shape.windows)
    if not training:
        return 2 * layer * width
    if checkpointing:
        return (2 * layers * shape.hidden + 2 * layer) * width
    return (layers + 1) * layer * width


def logits_bytes(shape: Shape, width: int) -> int:
    """The chunk of logits that the loss holds at once, and what is made of it."""
    return min(CHUNK, 4096 * shape.vocabulary) * width + GIB // 4


def tokens_that_fit(
    shape: Shape, device: torch.device, width: int, *, training: bool, checkpointing: bool
) -> int:
    """Tokens in one pass, by the memory that is free now."""
    room = free_bytes(device) - _SPARE - logits_bytes(shape, width)
    each = bytes_a_token(shape, width, training=training, checkpointing=checkpointing)
    return max(0, room // each)
