"""Lines of events.jsonl that older versions wrote, in the names of today."""

from __future__ import annotations

from typing import Any

import msgspec

from engine.machine import reading

_RENAMED = {"path": "engine"}
"""What computes the model, in `started` and in the definition of a score."""
_MARKS = tuple(f'"{old}":'.encode() for old in _RENAMED)
"""Within a string the quotes would be escaped: only a key looks so."""


def in_todays_words(line: bytes) -> bytes:
    """The line with renamed keys. Raises ValueError."""
    if not any(mark in line for mark in _MARKS):
        return line
    event = reading.json_of(line, dict[str, Any])
    if isinstance(definition := event.get("definition"), dict):
        event["definition"] = _renamed(definition)
    return msgspec.json.encode(_renamed(event))


def _renamed(table: dict[str, object]) -> dict[str, object]:
    return {_RENAMED.get(key, key): value for key, value in table.items()}
