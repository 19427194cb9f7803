"""Where the fast engine can compute: one answer for the worker and for the card before a start."""

from __future__ import annotations

import importlib.util

from engine.language.texts import marked
from engine.profile.schema import Profile

_AMPERE = (8, 0)
_MOST_RANK = 170
"""Three adapters side by side, of queries, keys and values, are what the kernels have room for."""


def why_not(
    profile: Profile, *, gpu: bool, triton: bool, capability: tuple[int, int] | None
) -> str:
    """Why a profile takes the plain engine on a machine; empty where the fast one can run.

    In English, as events tell it; `_` puts it into the interface's language. Which models it knows
    is said by models.families. An unknown `capability` of the GPU counts as new enough.
    """
    model, quantization = profile.model, profile.quantization
    reasons = {
        marked('model.engine = "plain"'): model.engine == "plain",
        marked("no GPU"): not gpu,
        marked("no Triton"): not triton,
        marked("a GPU older than Ampere"): capability is not None and capability < _AMPERE,
        marked("not computed in bfloat16"): model.dtype not in ("auto", "bfloat16"),
        marked("quantization.compute_dtype is not the model's type"): (
            quantization.compute_dtype not in ("auto", "bfloat16")
        ),
        marked("weights in 8 bits"): quantization.method == "int8",
        marked("an adapter of so high a rank"): profile.lora.rank > _MOST_RANK,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def triton_is_here() -> bool:
    """Is Triton installed, which the kernels are written in?"""
    return importlib.util.find_spec("triton") is not None
