"""Lines of events.jsonl that older versions wrote, in the names of today."""

from __future__ import annotations

import msgspec

_RENAMED = {"path": "engine"}
"""What computes the model, in `started` and in the definition of a score."""
_MARKS = tuple(f'"{old}":'.encode() for old in _RENAMED)
"""Within a string the quotes would be escaped: only a key looks so."""


def in_todays_words(line: bytes) -> bytes:
    """The line with renamed keys. Raises msgspec.DecodeError."""
    if not any(mark in line for mark in _MARKS):
        return line
    event = msgspec.json.decode(line, type=dict)
    if isinstance(definition := event.get("definition"), dict):
        event["definition"] = _renamed(definition)
    return msgspec.json.encode(_renamed(event))


def _renamed(table: dict[str, object]) -> dict[str, object]:
    return {_RENAMED.get(key, key): value for key, value in table.items()}
