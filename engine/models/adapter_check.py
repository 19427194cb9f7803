"""The one place where an adapter is checked before it is believed: against itself and its base.

PEFT leaves out what meets no layer, and leaves at zero what a layer misses, and says neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.language.errors import UserError
from engine.language.plain_text import one_line
from engine.language.said import Said, labelled
from engine.machine import manifest, reading, regular_files
from engine.models import adapter_config, config_file, needed_tensors, weight_files
from engine.models.config_file import shown
from engine.models.weight_files import FLOATS, Tensor, shape_in_words

CONFIG, WEIGHTS = adapter_config.CONFIG, adapter_config.WEIGHTS
_PREFIX = "base_model.model."
_PART = re.compile(r"(?P<layer>.+)\.lora_(?P<side>A|B)\.weight")
_MOST_RANK = 1 << 16
_NARROWING = (
    "layers_to_transform",
    "layers_pattern",
    "exclude_modules",
    "layer_replication",
    "target_parameters",
)
"""Keys that leave some targeted layers without an adapter."""

Matrices = dict[str, dict[str, Tensor]]
"""By layer: A and B."""


def check(adapter: Path, base: Path) -> None:
    """See that an adapter is whole and fits a base model's folder. Raises UserError."""
    manifest.check(adapter, (CONFIG, WEIGHTS))
    config = _config(adapter)
    adapter_config.check_weights_file(adapter)
    tensors = weight_files.of_file(adapter / WEIGHTS)
    wrong = next(_wrong_in_config(config), None)
    if wrong is None:
        wrong = next(_misfits(config, tensors, _linears(base)), None)
    if wrong is not None:
        remedy = Said(
            "{wrong}; take the adapter as it was trained, and the base it was trained on",
            wrong=wrong,
        )
        raise UserError(labelled(adapter, remedy))


def _config(adapter: Path) -> dict[str, Any]:
    path = adapter / CONFIG
    try:
        content = regular_files.content(path, most=adapter_config.LONGEST)
        return reading.json_of(content, dict[str, Any])
    except FileNotFoundError:
        raise UserError(
            "{folder}: holds no adapter (no adapter_config.json)", folder=adapter
        ) from None
    except OSError as error:
        raise UserError(
            "{path}: cannot be read: {error}", path=path, error=error.strerror
        ) from None
    except ValueError as error:
        raise UserError("{path}: broken JSON: {error}", path=path, error=error) from None


def _wrong_in_config(config: Mapping[str, Any]) -> Iterator[Said]:
    kind = config.get("peft_type")
    if kind != "LORA":
        yield Said(
            "{file}: peft_type is {kind}, and Yiwen knows LORA", file=CONFIG, kind=shown(kind)
        )
    for key in adapter_config.unknown_settings(config):
        yield Said(
            "{file}: {key} is {value}; Yiwen loads plain LoRA adapters, and no others",
            file=CONFIG,
            key=one_line(key)[:40],
            value=shown(config[key]),
        )
    rank, alpha = config.get("r"), config.get("lora_alpha")
    if not isinstance(rank, int) or isinstance(rank, bool) or not 0 < rank < _MOST_RANK:
        yield Said("{file}: r is {rank}; needed is a rank above 0", file=CONFIG, rank=shown(rank))
    if not isinstance(alpha, int | float) or isinstance(alpha, bool) or not alpha > 0:
        yield Said(
            "{file}: lora_alpha is {alpha}; needed is a number above 0",
            file=CONFIG,
            alpha=shown(alpha),
        )
    for key in ("rank_pattern", "alpha_pattern"):
        if not isinstance(config.get(key) or {}, dict):
            yield Said("{file}: {key} is no table", file=CONFIG, key=key)
    targets = config.get("target_modules")
    if not targets or not isinstance(targets, str | list):
        yield Said("{file}: target_modules names no layers", file=CONFIG)


def _linears(base: Path) -> dict[str, tuple[int, ...]] | None:
    """The shapes of a base's linear layers by name; None where only loading it can tell them."""
    config = config_file.read(base)
    config_file.check(config, base)
    needed = needed_tensors.of_family(config)
    if needed is None:
        return None
    if needed_tensors.is_tied(config):
        needed["lm_head.weight"] = needed["model.embed_tokens.weight"]
    return {
        name.removesuffix(".weight"): shape for name, shape in needed.items() if len(shape) == 2
    }


def _misfits(
    config: Mapping[str, Any],
    tensors: Mapping[str, Tensor],
    linears: Mapping[str, tuple[int, ...]] | None,
) -> Iterator[Said]:
    """What does not fit, the worst first."""
    layers: Matrices = {}
    for name, tensor in tensors.items():
        if tensor.dtype not in FLOATS:
            yield Said("{name} is stored as {dtype}", name=one_line(name), dtype=tensor.dtype)
        if found := _PART.fullmatch(name):
            layer = found["layer"].removeprefix(_PREFIX)
            layers.setdefault(layer, {})[found["side"]] = tensor
    others = [name for name in tensors if ".lora_" not in name]
    if layers and others:  # PEFT would write them over the base's own
        yield Said(
            "{file} holds more than LoRA matrices: {name}", file=WEIGHTS, name=one_line(others[0])
        )
    if not layers:
        yield Said("{file} holds no LoRA matrices", file=WEIGHTS)
    if linears is not None:
        yield from _strangers(layers, linears)
    for layer, sides in layers.items():
        yield from _halves(layer, sides)
        yield from _sizes(layer, sides, (linears or {}).get(layer))
    yield from _ranks(config, layers)
    if linears is not None:
        yield from _untouched(config, layers, linears)


def _strangers(layers: Matrices, linears: Mapping[str, tuple[int, ...]]) -> Iterator[Said]:
    strangers = [layer for layer in layers if layer not in linears]
    if strangers:
        yield Said(
            "layers that the base model does not have: {count} of {all}, first {name}",
            all=len(layers),
            count=len(strangers),
            name=one_line(strangers[0]),
        )


def _halves(layer: str, sides: Mapping[str, Tensor]) -> Iterator[Said]:
    for side, other in (("A", "B"), ("B", "A")):
        if side not in sides:
            yield Said(
                "{layer} has {other} and no {side}",
                layer=one_line(layer),
                other=f"lora_{other}",
                side=f"lora_{side}",
            )


def _sizes(
    layer: str, sides: Mapping[str, Tensor], linear: tuple[int, ...] | None
) -> Iterator[Said]:
    a, b = sides["A"].shape, sides["B"].shape
    fits = len(a) == len(b) == 2 and a[0] == b[1]
    if fits and (linear is None or (b[0], a[1]) == linear):
        return
    yield Said(
        "{layer} has A of {a} and B of {b}, which does not fit a layer of {linear}",
        layer=one_line(layer),
        a=shape_in_words(a),
        b=shape_in_words(b),
        linear=shape_in_words(linear) if linear else Said("any size"),
    )


def _ranks(config: Mapping[str, Any], layers: Matrices) -> Iterator[Said]:
    """Scaling is alpha / rank: a rank that the file does not have makes it wrong."""
    if config.get("rank_pattern"):
        return  # by layer: loading it tells
    for layer, sides in layers.items():
        rank = sides["A"].shape[0]
        if rank != config["r"]:
            yield Said(
                "{layer} is of rank {rank}, and {file} says {said}",
                layer=one_line(layer),
                rank=rank,
                file=CONFIG,
                said=config["r"],
            )


def _untouched(
    config: Mapping[str, Any], layers: Matrices, linears: Mapping[str, tuple[int, ...]]
) -> Iterator[Said]:
    """Layers that are targeted by name and have no matrices."""
    targets = config["target_modules"]
    if not isinstance(targets, list) or any(config.get(key) for key in _NARROWING):
        return  # a pattern: loading it tells
    for target in targets:
        named = [name for name in linears if name == target or name.endswith(f".{target}")]
        without = [name for name in named if name not in layers]
        if without or not named:
            lacking = (
                Said("{file} names {target}; such layers without matrices: {count}")
                if named
                else Said("{file} names {target}, and the base has no such layer")
            )
            yield lacking.filled(file=CONFIG, target=shown(target), count=len(without))
