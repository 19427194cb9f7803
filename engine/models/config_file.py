"""A model's config.json: read, and its numbers held to be possible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.language.errors import UserError
from engine.language.plain_text import one_line
from engine.language.said import Said
from engine.machine import reading

Config = Mapping[str, Any]
_COUNTS = (
    "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
    "num_key_value_heads", "head_dim", "max_position_embeddings", "sliding_window",
)  # fmt: skip
_POSITIVE = (
    "rms_norm_eps",
    "rope_theta",
    "query_pre_attn_scalar",
    "attn_logit_softcapping",
    "final_logit_softcapping",
)
_LARGEST = 1 << 31
"""Of a count: no tensor has so many rows."""
_MOST_LAYERS = 10_000


def read(folder: Path) -> dict[str, Any]:
    """What it says; of a model of text and pictures, the part for text. Raises UserError."""
    path = folder / "config.json"
    try:
        config = reading.json_file(path, dict[str, Any])
    except FileNotFoundError:
        raise UserError("{path}: no such file; get it again", path=path) from None
    except OSError as error:
        raise UserError(
            "{path}: cannot be read: {error}", path=path, error=error.strerror
        ) from None
    except ValueError as error:
        raise UserError("{path}: broken JSON: {error}", path=path, error=error) from None
    nested = config.get("text_config")
    return {**config, **(nested if isinstance(nested, dict) else {})}


def check(config: Config, folder: Path) -> None:
    """Raise UserError for the first setting that no decoder can have."""
    wrong = next(_impossible(config), None)
    if wrong is not None:
        key, needed = wrong
        raise UserError(
            "{path}: {key} is {value}; needed is {needed}",
            path=folder / "config.json",
            key=key,
            value=shown(config[key]),
            needed=needed,
        )


def _impossible(config: Config) -> Iterator[tuple[str, Said]]:
    """Keys, and what each needs to be."""
    for key in _COUNTS:
        value = config.get(key)
        most = _MOST_LAYERS if key == "num_hidden_layers" else _LARGEST
        if value is not None and not (_is_whole(value) and 0 < value < most):
            yield key, Said("a whole number from 1 to {most:,}", most=most - 1)
            return
    for key in _POSITIVE:
        value = config.get(key)
        if value is not None and not (_is_number(value) and value > 0):
            yield key, Said("a number above 0")
    yield from _uneven(config)
    if config.get("use_bidirectional_attention"):
        yield "use_bidirectional_attention", Said("false: one that looks ahead cannot translate")
    kinds, layers = config.get("layer_types"), config.get("num_hidden_layers")
    if kinds is None:
        return
    if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
        yield "layer_types", Said("a list of words")
    elif layers is not None and len(kinds) != layers:
        yield "layer_types", Said("one word for each of {layers} layers", layers=layers)


def _uneven(config: Config) -> Iterator[tuple[str, Said]]:
    heads, shared = config.get("num_attention_heads"), config.get("num_key_value_heads")
    if heads and shared and heads % shared:
        yield "num_key_value_heads", Said("a divisor of the {heads} heads", heads=heads)
    hidden = config.get("hidden_size")
    if heads and hidden and not config.get("head_dim") and hidden % heads:
        yield "hidden_size", Said("a multiple of the {heads} heads", heads=heads)


def shown(value: object) -> str:
    """A value from a file, short and harmless."""
    text = one_line(repr(value))
    return text if len(text) <= 60 else text[:59] + "…"


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
