"""How a score is defined, in an event: in English, for programs, and the same as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.language.said import Said, Words, english, pack, unpack
from engine.run import old_prose


def as_keys(definition: Mapping[str, Words]) -> dict[str, Any]:
    """The keys `definition` and `said` of an event."""
    return {
        "definition": {name: english(words) for name, words in definition.items()},
        "said": {
            name: pack(words) for name, words in definition.items() if isinstance(words, Said)
        },
    }


def as_words(definition: Mapping[str, str], said: Mapping[str, Any]) -> dict[str, Words]:
    """What those keys say."""
    return {
        name: unpack(said[name]) if name in said else old_prose.sentence(name, told)
        for name, told in definition.items()
    }
