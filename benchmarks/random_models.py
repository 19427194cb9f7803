"""Models of random weights in the true shapes: what speed and memory need, without a download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bitsandbytes as bnb
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, PretrainedConfig, PreTrainedModel

GEMMA = {
    "model_type": "gemma2",
    "vocab_size": 256000,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "query_pre_attn_scalar": 256,
    "max_position_embeddings": 8192,
    "attn_logit_softcapping": 50.0,
    "final_logit_softcapping": 30.0,
    "sliding_window": 4096,
    "hidden_activation": "gelu_pytorch_tanh",
    "pad_token_id": 0,
    "eos_token_id": 1,
    "bos_token_id": 2,
}
SHAPES: dict[str, dict[str, Any]] = {
    "gemma-2-2b": {
        **GEMMA,
        "hidden_size": 2304,
        "intermediate_size": 9216,
        "num_hidden_layers": 26,
        "num_attention_heads": 8,
    },
    "gemma-2-9b": {
        **GEMMA,
        "hidden_size": 3584,
        "intermediate_size": 14336,
        "num_hidden_layers": 42,
        "num_attention_heads": 16,
        "num_key_value_heads": 8,
    },
    "llama-3-8b": {
        "model_type": "llama",
        "vocab_size": 128256,
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "max_position_embeddings": 8192,
        "rms_norm_eps": 1e-5,
        "rope_parameters": {"rope_type": "default", "rope_theta": 500000.0},
        "tie_word_embeddings": False,
        "bos_token_id": 128000,
        "eos_token_id": 128009,
    },
    "tiny": {
        **GEMMA,
        "vocab_size": 6400,
        "head_dim": 64,
        "hidden_size": 256,
        "intermediate_size": 512,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "query_pre_attn_scalar": 64,
    },
}
"""The numbers in these models' config.json; `tiny` is for trying a benchmark out."""


def config_of(shape: str) -> PretrainedConfig:
    """By a name of SHAPES, or of the config.json at a path."""
    if shape in SHAPES:
        numbers = dict(SHAPES[shape])
        return AutoConfig.for_model(numbers.pop("model_type"), **numbers)
    return AutoConfig.from_pretrained(shape)


def build(
    shape: str,
    device: torch.device,
    dtype: torch.dtype,
    attention: str | None,
    *,
    quantise: bool = True,
) -> PreTrainedModel:
    """A frozen model: random weights of a shape, or a real folder's; linears in NF4.

    `attention` None: transformers chooses.
    """
    if Path(shape).is_dir():
        model = AutoModelForCausalLM.from_pretrained(
            shape, dtype=dtype, device_map={"": device}, attn_implementation=attention
        )
    else:
        torch.manual_seed(0)
        with torch.device(device):
            model = AutoModelForCausalLM.from_config(
                config_of(shape), dtype=torch.bfloat16, attn_implementation=attention
            )
        for name, parameter in model.named_parameters():
            if "norm" in name:  # as trained ones are: neither all alike nor without effect
                parameter.data.normal_(0.0 if "gemma" in model.config.model_type else 1.0, 0.1)
        model = model.to(dtype)
    model.requires_grad_(False)
    if quantise:
        _quantise(model, dtype)
    return model.eval()


def add_adapter(
    model: PreTrainedModel, *, rank: int = 8, alpha: int = 16, dropout: float = 0.0
) -> PeftModel:
    """LoRA on all linears, A and B random but the same at each call, in float32."""
    lora = LoraConfig(
        r=rank,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    tuned = get_peft_model(model, lora)
    set_adapter(tuned)
    return tuned


def set_adapter(tuned: PeftModel) -> None:
    """Draw A and B as `add_adapter` does, in float32."""
    draw = torch.Generator(device=tuned.device).manual_seed(1)
    for name, parameter in tuned.named_parameters():
        if "lora_" in name:
            bound = parameter.shape[1] ** -0.5 if "lora_A" in name else 0.01
            parameter.data = parameter.data.float().uniform_(-bound, bound, generator=draw)


def _quantise(model: nn.Module, dtype: torch.dtype) -> None:
    """What loading with BitsAndBytesConfig(load_in_4bit, nf4, double quantisation) comes to."""
    for parent in list(model.modules()):
        for name, linear in list(parent.named_children()):
            if not isinstance(linear, nn.Linear) or name == "lm_head":
                continue
            device = linear.weight.device
            quantised = bnb.nn.Linear4bit(
                linear.in_features,
                linear.out_features,
                bias=False,
                compute_dtype=dtype,
                quant_type="nf4",
                compress_statistics=True,
                device="meta",
            )
            quantised.weight = bnb.nn.Params4bit(
                linear.weight.data,
                requires_grad=False,
                quant_type="nf4",
                compress_statistics=True,
                module=quantised,
            ).to(device)
            quantised.support_avx512bf16_for_cpu = False
            setattr(parent, name, quantised)
    model.is_loaded_in_4bit = True  # what peft asks for
