"""Decoders of random weights, small enough to be computed twice, and documents for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import Tensor, nn
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    LlamaConfig,
    PretrainedConfig,
    Qwen3Config,
)

from engine.prompts.builder import Encoded
from engine.worker.batching.batches import Pass
from engine.worker.model.computed import Computed

VOCABULARY = 96
WINDOW = 9
SIZES: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 128,
    "intermediate_size": 256,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 128,
    "initializer_range": 0.3,  # large, so that what a token sees shows in its loss
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
GEMMA = {"query_pre_attn_scalar": 24, "attn_logit_softcapping": 5.0, "final_logit_softcapping": 8.0}
SCALED = {"rope_type": "linear", "factor": 2.0, "rope_theta": 10000.0}
YARN = {
    "rope_type": "yarn",
    "factor": 4.0,
    "rope_theta": 10000.0,
    "original_max_position_embeddings": 32,
}
LLAMA_3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "rope_theta": 10000.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
DECODERS: dict[str, Callable[[], PretrainedConfig]] = {
    "gemma2": lambda: Gemma2Config(**SIZES, **GEMMA, sliding_window=64),
    "gemma2, narrow window": lambda: Gemma2Config(**SIZES, **GEMMA, sliding_window=WINDOW),
    "llama": lambda: LlamaConfig(**SIZES),
    "llama, scaled rotary": lambda: LlamaConfig(**SIZES, rope_parameters=SCALED),
    "llama, rotary of Llama 3.1": lambda: LlamaConfig(**SIZES, rope_parameters=LLAMA_3),
    "qwen3": lambda: Qwen3Config(**SIZES),
    "qwen3, yarn": lambda: Qwen3Config(**SIZES, rope_parameters=YARN),
    "qwen3, window in half of the layers": lambda: Qwen3Config(
        **SIZES, use_sliding_window=True, sliding_window=WINDOW, max_window_layers=1
    ),
}


def random_decoder(
    config: PretrainedConfig, *, targets: Any = "all-linear", dropout: float = 0.0
) -> PeftModel:
    """Random weights, norms and adapters, so that leaving any of them out would show."""
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").float()
    for name, parameter in model.named_parameters():
        if "norm" in name:
            parameter.data += 0.2 * torch.randn_like(parameter)
    lora = LoraConfig(
        r=4, lora_alpha=12, lora_dropout=dropout, target_modules=targets, task_type="CAUSAL_LM"
    )
    tuned = get_peft_model(model, lora)
    for name, parameter in tuned.named_parameters():
        if "lora_B" in name:
            nn.init.normal_(parameter, std=0.2)
    return tuned.eval()


def documents(count: int = 9, prefix: int = 10) -> list[Encoded]:
    """Documents of different lengths that begin alike; the last two thirds of each are scored."""
    draw = torch.Generator().manual_seed(1)
    common = torch.randint(3, VOCABULARY, (prefix,), generator=draw).tolist()
    made = []
    for number in range(count):
        length = 6 + 3 * number
        own = torch.randint(3, VOCABULARY, (length,), generator=draw).tolist()
        scored = [int(at > prefix + length // 3) for at in range(prefix + length)]
        made.append(Encoded("", common + own, scored))
    return made


def losses_and_gradients(
    model: nn.Module, computed: Computed, passes: list[Pass]
) -> tuple[Tensor, dict[str, Tensor]]:
    """The losses in the order of documents, and every adapter matrix's gradient of their sum."""
    model.zero_grad()
    found: dict[int, Tensor] = {}
    for part in passes:
        losses = computed.losses(part)
        losses.sum().backward()
        found |= {int(i): losses[part.samples == i].detach() for i in part.samples.unique()}
    gradients = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    return torch.cat([found[item] for item in range(len(found))]), gradients


def assert_same(
    found: tuple[Tensor, dict[str, Tensor]], right: tuple[Tensor, dict[str, Tensor]]
) -> None:
    torch.testing.assert_close(found[0], right[0], rtol=1e-4, atol=1e-4)
    assert found[1].keys() == right[1].keys()
    assert any("lora_A" in name for name in right[1])
    for name, gradient in right[1].items():
        assert (found[1][name] - gradient).norm() <= 1e-4 * gradient.norm(), name
