"""Programmatic dependent launch: a kernel begins before the one before it ends (NVIDIA Hopper).

What it does first is fetch weights and be there; then it waits. It pays between short kernels.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
import triton
import triton.language as tl

_SHORT = 16
"""Tokens; kernels over more of them last long enough."""


def early_start(tokens: int) -> dict[str, Any]:
    """Options for a kernel that calls `wait_for_input` with its EARLY."""
    if tokens > _SHORT or not _can_start_early():
        return {"EARLY": False}
    return {"EARLY": True, "launch_pdl": True}


@triton.jit
def wait_for_input(EARLY: tl.constexpr):  # type: ignore[no-untyped-def]
    """Let the kernel after this one come, and wait for the one before, which writes the input."""
    if EARLY:
        tl.extra.cuda.gdc_launch_dependents()
        tl.extra.cuda.gdc_wait()


@cache
def _can_start_early() -> bool:
    return torch.cuda.get_device_capability() >= (9, 0)
