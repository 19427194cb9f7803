"""What of an adapter PEFT never gets to see: settings that run something, and pickled weights.

PEFT's configurations can name modules to import, files to unpickle and ways to change the base
model while they are read. Yiwen writes none of these, and loads none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.language.errors import UserError
from engine.machine import regular_files

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
LONGEST = 4 << 20
"""Bytes of a configuration."""
_PLAIN = frozenset({
    "alpha_pattern", "base_model_name_or_path", "bias", "exclude_modules", "fan_in_fan_out",
    "inference_mode", "layer_replication", "layers_pattern", "layers_to_transform", "lora_alpha",
    "lora_bias", "lora_dropout", "modules_to_save", "peft_type", "peft_version",
    "qalora_group_size", "r", "rank_pattern", "revision", "target_modules", "target_parameters",
    "task_type", "use_dora", "use_rslora",
})  # fmt: skip
"""Keys of a LoRA that may say anything: they are numbers, switches and names of layers."""
_IDLE: tuple[object, ...] = (None, False, "", [], {})
_USUAL: dict[str, tuple[object, ...]] = {
    "init_lora_weights": (True, "gaussian"),
    "megatron_core": ("megatron.core",),
}
"""What else other keys may say: the defaults that PEFT writes."""


def unknown_settings(config: Mapping[str, Any]) -> list[str]:
    """Keys that ask for something else than a plain LoRA."""
    return [
        key
        for key, value in config.items()
        if key not in _PLAIN and value not in (*_IDLE, *_USUAL.get(key, ()))
    ]


def check_weights_file(adapter: Path) -> None:
    """Raises UserError where the weights are a link, or in a form that runs code when opened."""
    if (adapter / "adapter_model.bin").exists() and not (adapter / WEIGHTS).exists():
        raise UserError(
            "{folder}: holds no {weights}; adapters in older forms are not opened, for they "
            "can run code; save it anew with safetensors",
            folder=adapter,
            weights=WEIGHTS,
        )
    try:
        os.close(regular_files.descriptor(adapter / WEIGHTS, os.O_RDONLY, within=adapter))
    except FileNotFoundError:
        return  # said better by who reads it
    except OSError as error:
        raise UserError(
            "{path}: cannot be read: {error}", path=adapter / WEIGHTS, error=error.strerror
        ) from None
