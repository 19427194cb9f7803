"""The sizes of a model's parts, read from its config.json and the headers of its safetensors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from engine.fast.families import why_unknown
from engine.language.errors import UserError
from engine.language.said import Words
from engine.models import config_file, tokenizer, weight_files
from engine.models.weight_files import FLOATS
from engine.profile.schema import Model

_NORMS = {"gemma2": 4, "gemma3": 6, "gemma3_text": 6, "qwen3": 4}
"""Normalisations in a layer, where there are not two; those of queries and keys count as one."""


class Linear(Struct, frozen=True):
    """A linear layer inside the decoder: what is quantised, and what may get an adapter."""

    name: str
    """Its last part, e.g. q_proj."""
    outputs: int
    inputs: int

    @property
    def parameters(self) -> int:
        return self.outputs * self.inputs


class ModelShape(Struct, frozen=True):
    """A decoder in numbers."""

    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    norms: int
    """Normalisations in a layer."""
    linears: tuple[Linear, ...]
    rest: int
    """Parameters that stay unquantised: embedding, head, norms, biases."""
    caps_logits: bool = False
    """Does it apply tanh to the logits (Gemma-2)?"""
    family: str = ""
    """`model_type` in config.json."""
    why_not_fast: Words = ""
    """Why the fast engine cannot compute it."""

    @property
    def parameters(self) -> int:
        """All of them."""
        return self.rest + sum(linear.parameters for linear in self.linears)


def read(model: Model) -> ModelShape:
    """The shape of a profile's model. Raises UserError when it cannot be found or understood."""
    folder = tokenizer.load(model.path, model.revision).folder
    config = config_file.read(folder)
    config_file.check(config, folder)
    try:
        shape = _of_config(config)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            "{path}: does not tell the model's size: {error}",
            path=folder / "config.json",
            error=repr(error),
        ) from None
    tensors = _tensors(folder)
    return _with_tensors(shape, tensors) if tensors else shape


def _of_config(config: dict[str, Any]) -> ModelShape:
    """As decoders of the usual kind are built: q, k, v, o, and a gated MLP."""
    hidden, heads = int(config["hidden_size"]), int(config["num_attention_heads"])
    kv_heads = int(config.get("num_key_value_heads") or heads)
    head_dim = int(config.get("head_dim") or hidden // heads)
    layers, wide = int(config["num_hidden_layers"]), int(config["intermediate_size"])
    vocabulary = int(config["vocab_size"])
    layer = (
        Linear("q_proj", heads * head_dim, hidden),
        Linear("k_proj", kv_heads * head_dim, hidden),
        Linear("v_proj", kv_heads * head_dim, hidden),
        Linear("o_proj", hidden, heads * head_dim),
        Linear("gate_proj", wide, hidden),
        Linear("up_proj", wide, hidden),
        Linear("down_proj", hidden, wide),
    )
    family = str(config.get("model_type", ""))
    norms = _NORMS.get(family, 2)
    is_tied = bool(config.get("tie_word_embeddings", False))
    return ModelShape(
        layers=layers,
        hidden=hidden,
        intermediate=wide,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        vocabulary=vocabulary,
        norms=norms,
        linears=layer * layers,
        rest=vocabulary * hidden * (1 if is_tied else 2) + (layers * norms + 1) * hidden,
        caps_logits=bool(config.get("final_logit_softcapping")),
        family=family,
        why_not_fast=why_unknown(config),
    )


def _with_tensors(shape: ModelShape, tensors: dict[str, tuple[int, ...]]) -> ModelShape:
    """The parts as the files hold them, which is right for any architecture."""
    linears: list[Linear] = []
    rest = 0
    for name, sizes in tensors.items():
        *_, owner, kind = f"..{name}".split(".")
        if len(sizes) == 2 and kind == "weight" and "embed" not in name and owner != "lm_head":
            linears.append(Linear(owner, *sizes))
            continue
        count = 1
        for size in sizes:
            count *= size
        rest += count
    return msgspec.structs.replace(shape, linears=tuple(linears), rest=rest)


def _tensors(folder: Path) -> dict[str, tuple[int, ...]]:
    """Name and size of every tensor; none if the files are missing, broken or quantised already."""
    try:
        tensors = weight_files.of_folder(folder)
    except UserError:
        return {}
    if any(tensor.dtype not in FLOATS for tensor in tensors.values()):
        return {}
    return {name: tensor.shape for name, tensor in tensors.items()}
