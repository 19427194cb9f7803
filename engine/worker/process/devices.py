"""Where a worker computes, what that is called, and in which type it computes there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from engine.language.said import Said, Words, english
from engine.machine.hardware import Probe
from engine.run import gpu_choice
from engine.run.device import Device
from engine.run.words import device_name

Warn = Callable[[Words, Words], None]
"""Told a message and a hint."""


def pick_device() -> torch.device:
    """The first GPU that CUDA shows, else the CPU."""
    return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")


def check_device(device: torch.device, warn: Warn) -> None:
    """Say why a machine with GPUs computes on its processor; many hours may be lost by it.

    Raises RunError where CUDA_VISIBLE_DEVICES names none that is there.
    """
    gpus = Probe().gpus() if device.type == "cpu" else ()
    if not gpus:
        return
    gpu_choice.visible(gpus)
    if gpu_choice.is_hidden():
        why, hint = Said("CUDA_VISIBLE_DEVICES hides every GPU"), Said("unset it to use a GPU")
    elif torch.version.cuda is None:
        why, hint = Said("this torch is built without CUDA"), Said("install torch with CUDA")
    else:
        why, hint = (
            Said("CUDA cannot use it"),
            Said("look at worker.log and at what nvidia-smi says"),
        )
    warn(Said("computing on the processor, not on {gpu}: {why}", gpu=gpus[0].name, why=why), hint)


def describe(device: torch.device) -> Device:
    """The GPU's name, or the threads of the CPU."""
    if device.type == "cuda":
        return Device("gpu", str(torch.cuda.get_device_name(device)))
    return Device("cpu", threads=torch.get_num_threads())


def told(device: torch.device) -> dict[str, Any]:
    """The keys of an event that say where a worker computes."""
    found = describe(device)
    return {"device": english(device_name(found)), "computes_on": found}


def compute_dtype(
    asked: str, device: torch.device, warn: Warn, key: str = "model.dtype"
) -> torch.dtype:
    """The type to compute in.

    On a CPU half types are refused where they are a trap: without AMX bfloat16 multiplies up to
    80 times slower than float32, and float16 is never faster.
    """
    if device.type == "cuda":
        if asked != "auto":
            return getattr(torch, asked)  # type: ignore[no-any-return]
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if asked == "bfloat16" and _cpu_multiplies_bfloat16():
        return torch.bfloat16
    if asked not in ("auto", "float32"):
        warn(
            Said(
                '{key}: "{asked}" is slow on this CPU; computing in float32', key=key, asked=asked
            ),
            Said('set {key} = "auto"', key=key),
        )
    return torch.float32


def _cpu_multiplies_bfloat16() -> bool:
    return bool(torch.cpu._is_amx_tile_supported())
