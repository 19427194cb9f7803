"""How many tokens a model was made for, and what is said of texts that are longer."""

from __future__ import annotations

from pathlib import Path

from engine.language.errors import UserError
from engine.language.said import Said, Words
from engine.models import config_file

_STRETCHING = frozenset({"linear", "dynamic", "yarn"})
"""Kinds of rotary embedding that make a context longer by a factor."""


def of_folder(folder: Path) -> int:
    """The tokens of the longest text that a model can take; 0 if its config.json does not say."""
    try:
        config = config_file.read(folder)
    except UserError:
        return 0
    tokens = config.get("max_position_embeddings")
    if not isinstance(tokens, int) or tokens < 1:
        return 0
    rotary = config.get("rope_parameters") or config.get("rope_scaling")
    if not isinstance(rotary, dict):
        return tokens
    factor = rotary.get("factor")
    if rotary.get("rope_type", rotary.get("type")) in _STRETCHING and isinstance(
        factor, int | float
    ):
        own = rotary.get("original_max_position_embeddings")
        return max(tokens, int(factor * (own if isinstance(own, int) else tokens)))
    return tokens


def too_long(tokens: int, context: int) -> Words:
    """What is wrong with a prompt that leaves no room for an answer; empty if it does."""
    if not context or tokens < context:
        return ""
    return Said(
        "the prompt has {tokens:,} tokens and the model's context {context:,}, which leaves no "
        "room for an answer; shorten the text, or show fewer examples",
        tokens=tokens,
        context=context,
    )
