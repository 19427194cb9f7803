"""Loads a base model as a profile asks for it."""

from __future__ import annotations

import bitsandbytes as bnb
import torch
from torch import nn
from transformers import BitsAndBytesConfig, GenerationConfig, PreTrainedConfig, PreTrainedModel

from engine.language.said import Said
from engine.models import hub, model_check, quantised_already
from engine.models.honoured import setting
from engine.profile import quantization_methods
from engine.profile.schema import Profile
from engine.worker.model import pretrained
from engine.worker.process.devices import Warn, compute_dtype


def load_base(profile: Profile, device: torch.device, warn: Warn) -> PreTrainedModel:
    """The base model in evaluation mode, its weights frozen. Raises UserError."""
    settings = profile.model
    folder = hub.require(settings.path, settings.revision)  # the network is `yiwen pull`'s affair
    dtype = compute_dtype(settings.dtype, device, warn)
    for remark in model_check.check(settings, profile.quantization):
        warn(str(remark), "")
    config = pretrained.config_of(folder)
    products_in = _products_in(profile, dtype, device, warn)
    quantised = quantised_already.described(vars(config))
    model = pretrained.read(
        folder,
        config=config,
        dtype=dtype,
        quantization_config=None if quantised else _quantization(profile, products_in),
        attn_implementation=_attention(settings.attention, config, warn),
        device_map={"": device},
    )
    if quantised:
        _compute_in(model, dtype, products_in)
    model.name_or_path = settings.path  # what an adapter says it belongs to
    _keep_cpu_weights_unpacked(model)
    model.requires_grad_(False)
    # The model's own defaults (sampling, penalties) must not change what the profile asks for.
    model.generation_config = GenerationConfig()
    return model.eval()


def _attention(asked: str, config: PreTrainedConfig, warn: Warn) -> str:
    """The attention to compute with: what is asked for, unless it would change the model.

    Gemma-2 was trained with its attention scores capped; PyTorch's sdpa kernels have no cap, and
    transformers' path through them leaves it out without a word.
    """
    cap = setting(config, "attn_logit_softcapping")
    if asked == "eager" or not cap:
        return asked
    warn(
        Said(
            'model.attention: "{asked}" would leave out this model\'s attention soft-capping '
            "({cap:g}); computing with eager",
            asked=asked,
            cap=cap,
        ),
        Said('set model.attention = "eager"'),
    )
    return "eager"


def _quantization(profile: Profile, products_in: torch.dtype) -> BitsAndBytesConfig | None:
    method = quantization_methods.get(profile.quantization)
    if method.bits is None:
        return None
    if method.bits == 8:
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=method.name,
        bnb_4bit_use_double_quant=profile.quantization.double,
        bnb_4bit_compute_dtype=products_in,
    )


def _products_in(
    profile: Profile, dtype: torch.dtype, device: torch.device, warn: Warn
) -> torch.dtype:
    """The type of multiplications with 4-bit weights."""
    asked = profile.quantization.compute_dtype
    if asked == "auto" or not quantization_methods.get(profile.quantization).is_four_bit:
        return dtype
    return compute_dtype(asked, device, warn, "quantization.compute_dtype")


def _compute_in(model: nn.Module, dtype: torch.dtype, products_in: torch.dtype) -> None:
    """Weights that came quantised are computed in types of their own: those of who made them."""
    for module in model.modules():
        if isinstance(module, bnb.nn.Linear4bit):
            module.compute_dtype = products_in
            module.compute_type_is_set = True
    for parameter in model.parameters():
        if parameter.is_floating_point():
            parameter.data = parameter.data.to(dtype)


def _keep_cpu_weights_unpacked(model: nn.Module) -> None:
    """Keep bitsandbytes from repacking 4-bit weights at the first forward in evaluation mode.

    On CPUs with AVX512-BF16 it would, and the packed path has no backward: after one evaluation,
    training goes on with gradients that stop at every layer, and says nothing.
    """
    for module in model.modules():
        if isinstance(module, bnb.nn.Linear4bit):
            module.support_avx512bf16_for_cpu = False
