"""Small models of random weights with the true architectures, in several weight files."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from likenesses import Family, write_tokenizer
from transformers import AutoConfig, AutoModelForCausalLM

from engine.models.tokenizer import Tokenizer

_SHAPE = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 512,
}


def write_model(kind: str, family: Family, folder: Path) -> Path:
    """A model folder; `kind` is transformers' name of the architecture."""
    write_tokenizer(family, folder)
    tokenizer = Tokenizer(folder)
    vocabulary = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    size = len(vocabulary["model"]["vocab"]) + len(family.special) + 2
    config = AutoConfig.for_model(
        kind,
        **_SHAPE,
        vocab_size=size,
        bos_token_id=tokenizer.bos_id,
        eos_token_id=tokenizer.eos_id,
        pad_token_id=None,
        tie_word_embeddings=kind == "qwen3",
    )
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config)
    model.save_pretrained(folder, max_shard_size="400KB")
    # As hub models have it: sampling and penalties, which must not touch what is asked for here.
    sampling = {"do_sample": True, "temperature": 9.0, "top_k": 3, "repetition_penalty": 5.0}
    (folder / "generation_config.json").write_text(
        json.dumps({**sampling, "eos_token_id": [tokenizer.eos_id], "max_length": 20})
    )
    return folder
