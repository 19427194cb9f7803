"""Reads how a run stands from its events, a block at a time, and not again what was read before.

What a long file adds up to is kept in the user's own cache: of what lies in a run's folder nobody
could tell who wrote it. It counts for the very file, and for so many first bytes of it as are the
same still; else all is read again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

import msgspec
from msgspec import Struct

from engine.machine import reading, regular_files
from engine.machine.files import write_atomically
from engine.machine.paths import cache_folder
from engine.run.summary import Summary
from engine.run.tail import BLOCK, Tail

_WORTH = 4 << 20
"""Bytes of a file from which on it is quicker to look up what they add up to."""
_LARGEST = 1 << 20
"""Bytes of what is kept of one file."""
_MOST = 500
"""Files of which something is kept; the oldest go first."""


class _Kept(Struct, array_like=True):
    """A fold that can be gone on with."""

    fields: tuple[str, ...]
    """Of the summary: another version may have others."""
    file: tuple[int, ...]
    """Which file it was, how large, and when it was changed last."""
    offset: int
    """So many first bytes were folded …"""
    checksum: bytes
    """… and this is theirs."""
    summary: Summary


def read_summary(path: Path) -> Summary:
    """What a whole events file adds up to. Raises OSError."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return Summary()
    kept = _kept(path, status) if status.st_size >= _WORTH else None
    tail, summary = Tail(path), Summary()
    if kept is not None:
        tail.offset, summary = kept.offset, kept.summary
    began = tail.offset
    for event in tail.rest():
        summary.apply(event)
    if tail.offset - began >= _WORTH and not tail.is_within:
        _keep(path, status, tail.offset, summary)
    return summary


def _kept(path: Path, status: os.stat_result) -> _Kept | None:
    """What was found before, if it holds for the file as it is now."""
    try:
        content = reading.read_bytes(_place(path), _LARGEST)
        kept = msgspec.msgpack.decode(content, type=_Kept)
        if kept.fields != Summary.__struct_fields__:
            return None
        if kept.file == _identity(status) or kept.checksum == _checksum(path, kept.offset):
            return kept
    except (OSError, ValueError, RecursionError):
        pass
    return None


def _keep(path: Path, status: os.stat_result, offset: int, summary: Summary) -> None:
    """Where nothing can be kept, all is read again the next time."""
    with contextlib.suppress(OSError, ValueError):
        place, checksum = _place(path), _checksum(path, offset)
        kept = _Kept(Summary.__struct_fields__, _identity(status), offset, checksum, summary)
        place.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(place, msgspec.msgpack.encode(kept))
        others = sorted(place.parent.iterdir(), key=lambda one: one.lstat().st_mtime_ns)
        for oldest in others[:-_MOST]:
            oldest.unlink()


def _place(path: Path) -> Path:
    name = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()
    return cache_folder() / "summaries" / name


def _identity(status: os.stat_result) -> tuple[int, ...]:
    """By which a file is told from any other, and from what it was before."""
    times = status.st_mtime_ns, status.st_ctime_ns
    return (status.st_dev, status.st_ino, status.st_size, *times)


def _checksum(path: Path, count: int) -> bytes:
    """Of so many first bytes."""
    found = hashlib.blake2b(digest_size=16)
    with regular_files.opened(path) as file:
        while count > 0 and (block := file.read(min(BLOCK, count))):
            found.update(block)
            count -= len(block)
    return found.digest()
