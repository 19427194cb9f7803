"""Nested values and tensors in a safetensors file, which can be read without running anything.

The tensors lie in the file as such; its header has, as JSON, what they are parts of.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

_KEY = "state"


def write(path: Path, state: dict[str, Any]) -> None:
    """Write dictionaries, lists, tuples, numbers, texts and tensors."""
    tensors: dict[str, Tensor] = {}
    seen: dict[int, str] = {}
    plain = _taken_apart(state, tensors, seen)
    save_file(tensors, str(path), metadata={_KEY: json.dumps(plain)})


def read(path: Path) -> dict[str, Any]:
    """What `write` wrote, on the CPU. Raises ValueError where a file holds anything else."""
    with safe_open(str(path), framework="pt", device="cpu") as file:
        plain = json.loads((file.metadata() or {}).get(_KEY, "null"))
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    state = _put_together(plain, tensors)
    if not isinstance(state, dict):
        raise ValueError(f"{path}: holds no state")
    return state


def _taken_apart(value: Any, tensors: dict[str, Tensor], seen: dict[int, str]) -> Any:
    """The value as JSON: a tensor is its name; a dictionary is its pairs, for keys are numbers."""
    if isinstance(value, Tensor):
        if id(value) not in seen:  # what two share they share again
            seen[id(value)] = name = str(len(tensors))
            tensors[name] = value.detach().to("cpu", copy=True).contiguous()
        return {"tensor": seen[id(value)]}
    if isinstance(value, dict):
        pairs = [[key, _taken_apart(item, tensors, seen)] for key, item in value.items()]
        return {"pairs": pairs}
    if isinstance(value, list | tuple):
        items = [_taken_apart(item, tensors, seen) for item in value]
        return {"tuple": items} if isinstance(value, tuple) else items
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{type(value).__name__} cannot be kept in a checkpoint")


def _put_together(value: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, list):
        return [_put_together(item, tensors) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, inner),) = value.items()
    if kind == "tensor":
        return tensors[inner]
    if kind == "pairs":
        return {key: _put_together(item, tensors) for key, item in inner}
    if kind == "tuple":
        return tuple(_put_together(item, tensors) for item in inner)
    raise ValueError(f"'{kind}' is no part of a checkpoint")


def read_old(path: Path) -> dict[str, Any]:
    """A state as it was kept until version 0.1, by pickle: tensors and plain values alone."""
    found: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return found
