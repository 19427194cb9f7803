"""Where the fast engine can compute: one answer for the worker and for the card before a start."""

from __future__ import annotations

import importlib.util

from engine.language.said import Said, Words
from engine.profile import quantization_methods
from engine.profile.schema import Profile

_AMPERE = (8, 0)
_MOST_RANK = 170
"""Three adapters side by side, of queries, keys and values, are what the kernels have room for."""


def why_not(
    profile: Profile, *, gpu: bool, triton: bool, capability: tuple[int, int] | None
) -> Words:
    """Why a profile takes the plain engine on a machine; empty where the fast one can run.

    Which models it knows is said by `families`. An unknown `capability` of the GPU counts as new
    enough.
    """
    model, quantization = profile.model, profile.quantization
    reasons = (
        (model.engine == "plain", Said('model.engine = "plain"')),
        (not gpu, Said("no GPU")),
        (not triton, Said("no Triton")),
        (capability is not None and capability < _AMPERE, Said("a GPU older than Ampere")),
        (model.dtype not in ("auto", "bfloat16"), Said("not computed in bfloat16")),
        (
            quantization.compute_dtype not in ("auto", "bfloat16"),
            Said("quantization.compute_dtype is not the model's type"),
        ),
        (quantization_methods.get(quantization).bits == 8, Said("weights in 8 bits")),
        (profile.lora.rank > _MOST_RANK, Said("an adapter of so high a rank")),
    )
    return next((reason for holds, reason in reasons if holds), "")


def triton_is_here() -> bool:
    """Is Triton installed, which the kernels are written in?"""
    return importlib.util.find_spec("triton") is not None
