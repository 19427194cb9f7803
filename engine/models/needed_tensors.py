"""The tensors that a decoder of a known family needs, by its config.json: names and shapes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.models.config_file import Config

Shapes = dict[str, tuple[int, ...]]

DEFAULTS: dict[str, dict[str, Any]] = {
    "gemma2": {
        "vocab_size": 256000, "hidden_size": 2304, "intermediate_size": 9216,
        "num_hidden_layers": 26, "num_attention_heads": 8, "num_key_value_heads": 4,
        "head_dim": 256, "tie_word_embeddings": True,
    },
    "llama": {
        "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008,
        "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": None,
        "head_dim": None, "tie_word_embeddings": False,
    },
    "qwen3": {
        "vocab_size": 151936, "hidden_size": 4096, "intermediate_size": 22016,
        "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 32,
        "head_dim": 128, "tie_word_embeddings": False,
    },
}  # fmt: skip
"""What holds where config.json says nothing, by `model_type`."""


def of_family(config: Config) -> Shapes | None:
    """All but the head of a model that has none of its own; None for a family not known here."""
    defaults = DEFAULTS.get(str(config.get("model_type")))
    if defaults is None:
        return None
    return dict(_tensors({**defaults, **{k: v for k, v in config.items() if v is not None}}))


def is_tied(config: Config) -> bool:
    """Is the head the embedding?"""
    defaults = DEFAULTS.get(str(config.get("model_type")), {})
    said = config.get("tie_word_embeddings")
    return bool(defaults.get("tie_word_embeddings") if said is None else said)


def _tensors(config: Config) -> Iterator[tuple[str, tuple[int, ...]]]:
    hidden, vocabulary = config["hidden_size"], config["vocab_size"]
    yield "model.embed_tokens.weight", (vocabulary, hidden)
    if not config["tie_word_embeddings"]:
        yield "lm_head.weight", (vocabulary, hidden)
    yield "model.norm.weight", (hidden,)
    for number in range(config["num_hidden_layers"]):
        for name, shape in _layer(config):
            yield f"model.layers.{number}.{name}", shape


def _layer(config: Config) -> Iterator[tuple[str, tuple[int, ...]]]:
    hidden, wide = config["hidden_size"], config["intermediate_size"]
    heads = config["num_attention_heads"]
    shared = config["num_key_value_heads"] or heads
    each = config["head_dim"] or hidden // heads
    family = config["model_type"]
    linears = {
        "self_attn.q_proj": (heads * each, hidden),
        "self_attn.k_proj": (shared * each, hidden),
        "self_attn.v_proj": (shared * each, hidden),
        "self_attn.o_proj": (hidden, heads * each),
        "mlp.gate_proj": (wide, hidden),
        "mlp.up_proj": (wide, hidden),
        "mlp.down_proj": (hidden, wide),
    }
    biases = {
        "self_attn": bool(config.get("attention_bias")),
        "mlp": family == "llama" and bool(config.get("mlp_bias")),
    }
    for name, shape in linears.items():
        yield f"{name}.weight", shape
        if biases[name.partition(".")[0]]:
            yield f"{name}.bias", shape[:1]
    norms = ["input_layernorm", "post_attention_layernorm"]
    if family == "gemma2":
        norms += ["pre_feedforward_layernorm", "post_feedforward_layernorm"]
    for name in norms:
        yield f"{name}.weight", (hidden,)
    if family == "qwen3":
        yield "self_attn.q_norm.weight", (each,)
        yield "self_attn.k_norm.weight", (each,)
