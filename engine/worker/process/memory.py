"""How much memory there is where a worker computes, and how much of it is used."""

from __future__ import annotations

import psutil
import torch

GIB = 1 << 30
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
    """The most that PyTorch had of a GPU until now, or what of main memory is resident now.

    Reserved, not allocated: recorded passes hold memory that no tensor of ours lies in.
    """
    if device.type == "cuda":
        return int(torch.cuda.max_memory_reserved(device))
    return int(psutil.Process().memory_info().rss)


def limit_bytes() -> int:
    """What `limit` has set; 0: all of the GPU."""
    return int(_fraction * torch.cuda.mem_get_info()[1]) if _fraction < 1 else 0


def limit(device: torch.device, gib: float) -> None:
    """Use no more than so many GiB of a GPU from now on; 0: all of it."""
    global _fraction
    if device.type == "cuda":
        total = torch.cuda.get_device_properties(device).total_memory
        _fraction = min(1.0, gib * GIB / total) if gib else 1.0
        torch.cuda.set_per_process_memory_fraction(_fraction, device)
