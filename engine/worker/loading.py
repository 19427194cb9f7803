"""Loads a base model as a profile asks for it, and puts adapters on it."""

from __future__ import annotations

from pathlib import Path

import bitsandbytes as bnb
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors import SafetensorError
from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    BitsAndBytesConfig,
    GenerationConfig,
    PreTrainedConfig,
    PreTrainedModel,
)

from engine.errors import UserError
from engine.language import _
from engine.models import hub
from engine.profiles import Lora, Profile
from engine.profiles import Model as ModelSettings
from engine.worker.devices import Warn, compute_dtype


def load_base(profile: Profile, device: torch.device, warn: Warn) -> PreTrainedModel:
    """The base model in evaluation mode, its weights frozen. Raises UserError."""
    settings = profile.model
    folder = hub.require(settings.path, settings.revision)  # the network is `yiwen pull`'s affair
    dtype = compute_dtype(settings.dtype, device, warn)
    try:
        config = AutoConfig.from_pretrained(
            str(folder), local_files_only=True, trust_remote_code=False
        )
        model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
            str(folder),
            config=config,
            dtype=dtype,
            quantization_config=_quantization(profile, dtype, device, warn),
            attn_implementation=_attention(settings.attention, config, warn),
            device_map={"": device},
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
        )
    except (OSError, ValueError, SafetensorError) as error:
        raise UserError(_why_not_loaded(settings, error)) from error
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
    cap = getattr(config, "attn_logit_softcapping", None)
    if asked == "eager" or not cap:
        return asked
    warn(
        _(
            'model.attention: "{asked}" would leave out this model\'s attention soft-capping '
            "({cap:g}); computing with eager"
        ).format(asked=asked, cap=cap),
        _('set model.attention = "eager"'),
    )
    return "eager"


def _quantization(
    profile: Profile, dtype: torch.dtype, device: torch.device, warn: Warn
) -> BitsAndBytesConfig | None:
    method, asked = profile.quantization.method, profile.quantization.compute_dtype
    if method == "none":
        return None
    if method == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    if asked != "auto":
        dtype = compute_dtype(asked, device, warn, "quantization.compute_dtype")
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=method,
        bnb_4bit_use_double_quant=profile.quantization.double,
        bnb_4bit_compute_dtype=dtype,
    )


def _keep_cpu_weights_unpacked(model: nn.Module) -> None:
    """Keep bitsandbytes from repacking 4-bit weights at the first forward in evaluation mode.

    On CPUs with AVX512-BF16 it would, and the packed path has no backward: after one evaluation,
    training goes on with gradients that stop at every layer, and says nothing.
    """
    for module in model.modules():
        if isinstance(module, bnb.nn.Linear4bit):
            module.support_avx512bf16_for_cpu = False


def _why_not_loaded(settings: ModelSettings, error: Exception) -> str:
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return _(
        "model.path: '{path}' could not be loaded: {first}\nIt must be a folder with "
        "config.json and *.safetensors, or a model of the hub ({command})."
    ).format(
        path=settings.path, first=first, command=hub.pull_command(settings.path, settings.revision)
    )


def add_adapter(model: PreTrainedModel, lora: Lora, seed: int) -> PeftModel:
    """A fresh trainable LoRA adapter in float32; its output is zero at first (B = 0)."""
    torch.manual_seed(seed)
    targets = lora.target_modules
    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=targets if isinstance(targets, str) else list(targets),
        task_type="CAUSAL_LM",
    )
    try:
        return get_peft_model(model, config)
    except ValueError as error:
        raise UserError(
            _("lora.target_modules: {first}").format(first=str(error).splitlines()[0])
        ) from error


def load_adapter(model: PreTrainedModel | PeftModel, folder: Path, name: str) -> PeftModel:
    """Put a saved adapter on a base model, beside others if there are any, and switch to it."""
    if not (folder / "adapter_config.json").is_file():
        raise UserError(
            _("{folder}: holds no adapter (no adapter_config.json)").format(folder=folder)
        )
    try:
        if isinstance(model, PeftModel):
            if name not in model.peft_config:
                model.load_adapter(str(folder), adapter_name=name)
            model.set_adapter(name)
        else:
            model = PeftModel.from_pretrained(model, str(folder), adapter_name=name)
    except (OSError, RuntimeError, ValueError, KeyError, SafetensorError) as error:
        if isinstance(model, PeftModel) and name in model.peft_config:
            model.delete_adapter(name)  # half loaded it would pass for loaded the next time
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UserError(
            _("{folder}: does not fit this base model: {first}").format(folder=folder, first=first)
        ) from error
    return model.eval()
