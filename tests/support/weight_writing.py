"""Writes safetensors files without torch, and with them adapters of the embedded model."""

from __future__ import annotations

import json
import math
import shutil
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samples import MODEL

from engine.models import adapter_check, weight_files

WIDTHS = {"BF16": 2, "F16": 2, "F32": 4, "F8_E4M3": 1, "U8": 1}


def write_tensors(
    path: Path, shapes: Mapping[str, tuple[int, ...]], dtype: str = "F32", fill: bytes = b"\0"
) -> None:
    """A file of tensors, each of their bytes alike."""
    header, at = {}, 0
    for name, shape in shapes.items():
        end = at + WIDTHS[dtype] * math.prod(shape)
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, end]}
        at = end
    write_header(path, header, fill * at)


def adapter_shapes(rank: int = 4, layers: int = 8) -> dict[str, tuple[int, ...]]:
    """Of an adapter on queries and values of the embedded model, as PEFT names them."""
    found: dict[str, tuple[int, ...]] = {}
    for number in range(layers):
        for name, outputs in (("q_proj", 256), ("v_proj", 128)):
            layer = f"base_model.model.model.layers.{number}.self_attn.{name}"
            found[f"{layer}.lora_A.weight"] = (rank, 256)
            found[f"{layer}.lora_B.weight"] = (outputs, rank)
    return found


def write_adapter(
    folder: Path, shapes: Mapping[str, tuple[int, ...]] | None = None, **config: Any
) -> Path:
    """An adapter's folder; whole, unless the shapes or the settings are others."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "peft_type": "LORA",
        "r": 4,
        "lora_alpha": 8,
        "target_modules": ["v_proj", "q_proj"],
        **config,
    }
    (folder / adapter_check.CONFIG).write_text(json.dumps(content))
    write_tensors(folder / adapter_check.WEIGHTS, shapes or adapter_shapes(), fill=b"\x3d")
    return folder


@dataclass(frozen=True)
class Stored:
    """One tensor as a file holds it."""

    dtype: str
    shape: tuple[int, ...]
    content: bytes


def read_stored(path: Path) -> dict[str, Stored]:
    """All tensors of a file."""
    content = path.read_bytes()
    return {
        name: Stored(tensor.dtype, tensor.shape, content[tensor.start : tensor.end])
        for name, tensor in weight_files.of_file(path).items()
    }


def write_stored(path: Path, tensors: Mapping[str, Stored]) -> None:
    """A file of these tensors."""
    header, at = {}, 0
    for name, tensor in tensors.items():
        end = at + len(tensor.content)
        header[name] = {
            "dtype": tensor.dtype,
            "shape": list(tensor.shape),
            "data_offsets": [at, end],
        }
        at = end
    write_header(path, header, b"".join(tensor.content for tensor in tensors.values()))


def write_header(path: Path, header: object, content: bytes = b"") -> None:
    """A file with whatever header."""
    encoded = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(encoded)) + encoded + content)


def copy_model(folder: Path) -> Path:
    """The embedded model in a folder of its own, to be spoilt."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"):
        shutil.copy(MODEL / name, folder)
    return folder


def configure(folder: Path, **keys: object) -> None:
    """Set keys of config.json."""
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **keys}))
