"""Families of decoders that the fast path knows, and what sets them apart."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """What sets one family of decoders apart from another."""

    activation: str
    """Of the gate: "gelu" (tanh approximation) or "silu"."""
    norm_adds_one: bool = False
    """Norm weights are stored less one, and multiply before rounding (Gemma)."""
    norms_outputs: bool = False
    """Attention and MLP outputs are normed before they join the residual stream (Gemma-2)."""
    norms_heads: bool = False
    """Queries and keys are normed head by head before they are rotated (Qwen3)."""
    scales_embeddings: bool = False
    """Embeddings are multiplied by the square root of their width (Gemma)."""


FAMILIES = {
    "gemma2": Family("gelu", norm_adds_one=True, norms_outputs=True, scales_embeddings=True),
    "llama": Family("silu"),
    "qwen3": Family("silu", norms_heads=True),
}
"""By `model_type` in config.json."""
