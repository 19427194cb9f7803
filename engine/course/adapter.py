"""The adapter in the form that the course's PEFT reads: two files, and no key it does not know."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from engine.language.errors import RunError
from engine.language.said import Said
from engine.machine import reading, regular_files
from engine.machine.files import put_in_place, take_back

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
PEFT_VERSION = "0.13.0"
_KNOWN = frozenset({
    "alpha_pattern", "auto_mapping", "base_model_name_or_path", "bias", "fan_in_fan_out",
    "inference_mode", "init_lora_weights", "layer_replication", "layers_pattern",
    "layers_to_transform", "loftq_config", "lora_alpha", "lora_dropout", "megatron_config",
    "megatron_core", "modules_to_save", "peft_type", "r", "rank_pattern", "revision",
    "target_modules", "task_type", "use_dora", "use_rslora",
})  # fmt: skip
"""Keys of a LoRA adapter in PEFT 0.13, which fails on any other."""
_IDLE: tuple[object, ...] = (None, False, "", [], {})
_NEEDS_NO_KEY = frozenset({"peft_version", "qalora_group_size", "monteclora_config"})
"""Newer keys that say nothing about the weights, whatever stands there."""


def copy(source: Path, target: Path, base_model: str) -> list[Said]:
    """Write an adapter's two files; returns warnings. Raises RunError.

    `base_model` replaces the path, on the machine that trained, which PEFT has noted. What the
    folder held before is removed only when both are on the disk.
    """
    part = target.with_name(f".{target.name}.part")
    try:
        config = reading.json_of(regular_files.content(source / CONFIG), dict[str, Any])
        weights = source / WEIGHTS
        if not weights.is_file() or weights.is_symlink():
            raise RunError("{file}: no such file; the adapter is not whole", file=weights)
        take_back(target)
        regular_files.clear(part)
        part.mkdir()
        shutil.copyfile(weights, part / WEIGHTS)
        plain, lost = in_old_words(config)
        plain |= {"base_model_name_or_path": base_model, "inference_mode": True}
        content = json.dumps(plain, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        (part / CONFIG).write_bytes(content.encode())
        put_in_place(part, target)
    except (OSError, ValueError) as error:
        raise RunError(
            "{source}: the adapter cannot be copied to {target}: {error}",
            source=source,
            target=target,
            error=error,
        ) from None
    finally:
        regular_files.clear(part)
    unknown = Said("{file}: PEFT {version} does not know '{key}', so its value was left out")
    return [unknown.filled(file=CONFIG, version=PEFT_VERSION, key=key) for key in lost]


def in_old_words(config: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """A LoRA configuration without the keys that came later, and those of them that matter."""
    kept = {key: value for key, value in config.items() if key in _KNOWN}
    gone = {key: value for key, value in config.items() if key not in _KNOWN | _NEEDS_NO_KEY}
    if isinstance(kept.get("target_modules"), list):
        kept["target_modules"] = sorted(kept["target_modules"])  # PEFT writes a set, in any order
    return kept, sorted(key for key, value in gone.items() if value not in _IDLE)


def model_name(path: str) -> str:
    """What others call a base model: its hub id, read off the hub's cache too, or its folder."""
    cached = re.search(r"models--([^/]+?)--([^/]+)/snapshots/", path + "/")
    if cached:
        return "/".join(cached.groups())
    return Path(path).name if Path(path).is_absolute() else path
