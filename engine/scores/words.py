"""How a score is defined, as a person reads it."""

from __future__ import annotations

from collections.abc import Mapping

from engine.language.said import Said, Words

_NAMES = {
    "metric": Said("metric"),
    "corpus": Said("corpus"),
    "base": Said("base"),
    "computed in": Said("computed in"),
    "engine": Said("engine"),
    "logits": Said("logits"),
    "log-softmax": Said("log-softmax"),
    "attention": Said("attention"),
    "prompt": Said("prompt"),
    "examples": Said("examples"),
    "cut at": Said("cut at"),
    "references": Said("references"),
    "intervals": Said("intervals"),
}


def in_words(definition: Mapping[str, Words]) -> dict[str, str]:
    """Names and sentences in the reader's language; unknown names as they stand."""
    return {str(_NAMES.get(name, name)): str(said) for name, said in definition.items()}
