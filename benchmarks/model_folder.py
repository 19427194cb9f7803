"""Models of true shape with random weights, for measuring where the real ones cannot be had.

A model is a folder as transformers reads it: config.json, tokenizer, one safetensors file. Speed
and memory hang on the shapes alone; a loss from such a model only shows that it falls.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import random_models
import torch
from transformers import AutoModelForCausalLM


def make(shape: str, tokenizer: Path, folder: Path, seed: int = 0) -> Path:
    """Write a model folder, once: bfloat16 weights drawn by the seed, with a given tokenizer."""
    if (folder / "config.json").is_file():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    config = random_models.config_of(shape)
    torch.manual_seed(seed)
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    for name, parameter in model.named_parameters():
        if "norm" in name:  # trained norms are not all alike
            parameter.data.add_(0.1 * torch.randn_like(parameter))
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        if (tokenizer / name).is_file():
            shutil.copy(tokenizer / name, folder / name)
    # config.json comes last and says that all is there.
    model.save_pretrained(folder, max_shard_size="50GB")
    _name_the_ends(folder, tokenizer)
    del model
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return folder


def _name_the_ends(folder: Path, tokenizer: Path) -> None:
    """Let the configuration name the tokenizer's own special tokens."""
    from engine.models.tokenizer import Tokenizer

    own = Tokenizer(tokenizer)
    path = folder / "config.json"
    config = json.loads(path.read_text("utf-8"))
    config |= {"bos_token_id": own.bos_id, "eos_token_id": own.eos_id, "pad_token_id": own.pad_id}
    path.write_text(json.dumps(config, indent=1), "utf-8")
