"""Families of decoders that the fast engine knows, and what sets them apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.language.said import Said, Words


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

ACTIVATIONS = {
    "gelu": frozenset({"gelu_pytorch_tanh", "gelu_new", "gelu_python_tanh"}),
    "silu": frozenset({"silu", "swish"}),
}
"""What config.json may call them."""
ROTARY = frozenset({"default", "linear", "llama3", "yarn"})
"""Kinds of rotary embedding whose frequencies are the same at every length."""
_WINDOWED = frozenset({"full_attention", "sliding_attention"})


def why_unknown(config: Mapping[str, Any]) -> Words:
    """Why the fast engine cannot compute a model with these settings.

    Empty where it can. A setting that is not there is as the family has it.
    """
    kind = config.get("model_type")
    family = FAMILIES.get(str(kind))
    if family is None:
        return Said("the fast engine does not know {kind} models", kind=kind)
    activation = config.get("hidden_activation" if kind == "gemma2" else "hidden_act")
    if activation is not None and activation not in ACTIVATIONS[family.activation]:
        return Said("the fast engine does not know the activation {kind}", kind=activation)
    rotary = config.get("rope_parameters") or config.get("rope_scaling") or {}
    rotation = rotary.get("rope_type", rotary.get("type")) or "default"
    if rotation not in ROTARY:
        return Said("the fast engine does not know rotary embeddings of type {kind}", kind=rotation)
    part = rotary.get("partial_rotary_factor", config.get("partial_rotary_factor"))
    if part not in (None, 1):
        return Said("the fast engine turns whole heads only")
    if config.get("attention_bias") or (kind == "llama" and config.get("mlp_bias")):
        return Said("the fast engine knows no linear layers with a bias")
    if config.get("attention_dropout"):
        return Said("the fast engine knows no dropout of attention")
    if strange := set(config.get("layer_types") or ()) - _WINDOWED:
        return Said("the fast engine does not know layers of {kind}", kind=min(strange))
    return ""
