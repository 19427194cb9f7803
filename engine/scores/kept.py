"""Comparisons that took long, kept in the user's cache: by the content of what was compared.

A file that has changed has another key, so nothing that is kept can be out of date.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from engine import __version__
from engine.machine import reading
from engine.machine.files import write_atomically
from engine.machine.paths import cache_folder

T = TypeVar("T")

_MOST = 2000
"""Files that are kept; the oldest go first."""
_LARGEST = 1 << 20
"""Bytes that one of ours may have."""


def kept(name: str, parts: Sequence[object], kind: type[T], compute: Callable[[], T]) -> T:
    """What was computed of these parts before, else now; where nothing can be kept, always now."""
    path = _folder() / _key(name, parts)
    with contextlib.suppress(OSError, ValueError, RecursionError):
        return msgspec.msgpack.decode(reading.read_bytes(path, _LARGEST), type=kind)
    found = compute()
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, msgspec.msgpack.encode(found))
        _make_room(path.parent)
    return found


def _folder() -> Path:
    return cache_folder() / "comparisons"


def _key(name: str, parts: Sequence[object]) -> str:
    """Of another version nothing is taken: it may have computed otherwise."""
    packed = msgspec.msgpack.encode([__version__, name, *parts])
    return f"{name}-{hashlib.sha256(packed).hexdigest()}"


def _make_room(folder: Path) -> None:
    found = list(folder.iterdir())
    if len(found) > _MOST:
        for path in sorted(found, key=lambda one: one.stat().st_mtime)[: len(found) - _MOST]:
            path.unlink(missing_ok=True)
