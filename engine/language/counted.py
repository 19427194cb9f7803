"""Counts of things in words, in the language of the interface: `1 pair`, `1,204 pairs`."""

from __future__ import annotations

from engine.language.texts import plural


def pairs(count: int) -> str:
    """Of a data file."""
    return plural("{count:,} pair", "{count:,} pairs", count).format(count=count)


def items(count: int) -> str:
    """Of a test file."""
    return plural("{count:,} item", "{count:,} items", count).format(count=count)


def outputs(count: int) -> str:
    """Translations: a data file's, or a model's."""
    return plural("{count:,} output", "{count:,} outputs", count).format(count=count)
