"""Counts of things in words: `1 pair`, `1,204 pairs`."""

from __future__ import annotations

from engine.language.said import Said


def pairs(count: int) -> Said:
    """Of a data file."""
    return Said.counted("{count:,} pair", "{count:,} pairs", count)


def items(count: int) -> Said:
    """Of a test file."""
    return Said.counted("{count:,} item", "{count:,} items", count)


def outputs(count: int) -> Said:
    """Translations: a data file's, or a model's."""
    return Said.counted("{count:,} output", "{count:,} outputs", count)
