"""Every key of a family's configuration is honoured by the fast engine, or it steps aside."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from small_decoders import SIZES, documents, losses_and_gradients, random_decoder
from transformers import Gemma2Config, LlamaConfig, PretrainedConfig, Qwen3Config

from engine.fast.families import FAMILIES
from engine.models import needed_tensors
from engine.worker.batching.batches import plan_passes
from engine.worker.fast.ingredients import Ingredients
from engine.worker.fast.model import FastModel
from engine.worker.fast.parts.architecture import Unsupported
from engine.worker.model.plain import PlainModel

CLASSES: dict[str, type[PretrainedConfig]] = {
    "gemma2": Gemma2Config,
    "llama": LlamaConfig,
    "qwen3": Qwen3Config,
}
SHAPES = {
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "head_dim",
    "tie_word_embeddings",
}
"""Seen in the weights, so that they cannot be overlooked; the check of a folder holds them."""
TO_CHANGE: dict[str, dict[str, Any]] = {
    "gemma2": {
        "hidden_activation": "relu",
        "rms_norm_eps": 0.5,
        "rope_parameters": {"rope_type": "default", "rope_theta": 50.0},
        "attention_bias": True,
        "attention_dropout": 0.3,
        "query_pre_attn_scalar": 3,
        "sliding_window": 5,
        "layer_types": ["full_attention", "sliding_attention", "sliding_attention"],
        "final_logit_softcapping": 2.0,
        "attn_logit_softcapping": 1.0,
    },
    "llama": {
        "hidden_act": "gelu",
        "rms_norm_eps": 0.5,
        "rope_parameters": {"rope_type": "default", "rope_theta": 50.0},
        "attention_bias": True,
        "attention_dropout": 0.3,
        "mlp_bias": True,
    },
    "qwen3": {
        "hidden_act": "relu",
        "rms_norm_eps": 0.5,
        "rope_parameters": {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 50.0},
        "attention_bias": True,
        "attention_dropout": 0.3,
        "use_sliding_window": True,
        "layer_types": ["full_attention", "sliding_attention", "sliding_attention"],
    },
}
"""Keys that change the maths, and values that differ from what they have by themselves."""
WITHOUT_MATHS = {
    "max_position_embeddings",
    "initializer_range",
    "use_cache",
    "pad_token_id",
    "eos_token_id",
    "bos_token_id",
    "pretraining_tp",
}
WITH_OTHERS = {"qwen3": {"sliding_window", "max_window_layers"}}
"""Say something only together with keys that are changed."""
REFUSED = {"use_bidirectional_attention"}
"""By the check of a model's folder."""


@pytest.mark.parametrize("family", FAMILIES)
def test_every_key_of_the_class_is_thought_of(family: str) -> None:
    """A new version of transformers may bring a key that changes the maths."""
    general = {field.name for field in dataclasses.fields(PretrainedConfig)}
    own = {field.name for field in dataclasses.fields(CLASSES[family])} - general
    thought_of = SHAPES | set(TO_CHANGE[family]) | WITHOUT_MATHS | REFUSED
    assert own - thought_of - WITH_OTHERS.get(family, set()) == set()


@pytest.mark.parametrize("family", FAMILIES)
def test_defaults_are_those_of_the_class(family: str) -> None:
    config = CLASSES[family]()
    known = needed_tensors.of_family({"model_type": family})
    said = {key: getattr(config, key) for key in SHAPES}
    assert known == needed_tensors.of_family({"model_type": family, **said})


@pytest.mark.parametrize(
    ("family", "key"), [(family, key) for family, keys in TO_CHANGE.items() for key in keys]
)
def test_a_changed_key_is_computed_or_refused(family: str, key: str) -> None:
    keys = {**SIZES, key: TO_CHANGE[family][key]}
    if key in ("layer_types", "use_sliding_window"):
        keys |= {"sliding_window": 5}
        keys |= {"use_sliding_window": True, "max_window_layers": 1} if family == "qwen3" else {}
    model = random_decoder(CLASSES[family](**keys))
    try:
        fast = FastModel(model, Ingredients())
    except Unsupported:
        return
    passes = plan_passes(documents(), row_tokens=0, tokens_per_pass=60, pad_id=0)
    right, _ = losses_and_gradients(model, PlainModel(model), passes)
    found, _ = losses_and_gradients(model, fast, fast.passes(documents(), 0, 1000, 0))
    assert (found - right).abs().max() < 1e-3
    usual = random_decoder(CLASSES[family](**SIZES))
    other, _ = losses_and_gradients(usual, PlainModel(usual), passes)
    assert (other - right).abs().max() > 1e-2, "the key changes nothing, so nothing was tested"
