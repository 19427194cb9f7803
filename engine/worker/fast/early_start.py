"""Programmatic dependent launch: a kernel begins before the one before it ends (NVIDIA Hopper).

What it does first is fetch weights and be there; then it waits. It pays between short kernels.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch

_SHORT = 16
"""Tokens; kernels over more of them last long enough."""


@cache
def can_start_early() -> bool:
    """Does this GPU know it?"""
    return torch.cuda.get_device_capability() >= (9, 0)


def early_start(tokens: int) -> dict[str, Any]:
    """Options for a kernel that calls gdc_launch_dependents and gdc_wait if it is EARLY."""
    if tokens > _SHORT or not can_start_early():
        return {"EARLY": False}
    return {"EARLY": True, "launch_pdl": True}
