"""What a folder held when it was saved: the size and the SHA-256 of each file, in manifest.json.

SHA-256, for it is in the standard library, has hardware of its own in today's processors, tells a
flipped bit as well as another file of the same length, and is what everybody else names files by.
What is listed must be as it was; what is not listed is none of the folder's own.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import msgspec
from msgspec import Struct

from engine.language.errors import UserError, reason_of
from engine.language.plain_text import one_line
from engine.language.said import Said, Words, labelled
from engine.machine import reading, regular_files
from engine.machine.files import write_atomically

FILE = "manifest.json"
_BLOCK = 1 << 20


class Entry(Struct, frozen=True):
    """A file as it was saved."""

    size: int
    """Bytes."""
    sha256: str


class TornError(UserError):
    """A folder is not, or not any more, as it was saved."""

    def __init__(self, folder: Path, why: Words) -> None:
        self.why = why
        remedy = Said("{why}; take another, or bring it back from a copy", why=why)
        super().__init__(labelled(folder, remedy))


def write(folder: Path) -> None:
    """List the files of a folder as they are."""
    paths = (path for path in sorted(folder.iterdir()) if path.name != FILE and path.is_file())
    _write(folder, {path.name: Entry(path.stat().st_size, _digest_of(path)) for path in paths})


def leave_out(folder: Path, names: Iterable[str]) -> None:
    """List some files no more, so that they may be removed. Raises TornError or OSError."""
    listed = read(folder)
    kept = {name: entry for name, entry in (listed or {}).items() if name not in names}
    if listed is not None and kept != listed:
        _write(folder, kept)


def read(folder: Path) -> dict[str, Entry] | None:
    """What is listed, by name; None where nothing is, as in folders of before. Raises TornError."""
    try:
        content = regular_files.content(folder / FILE, most=reading.SMALL)
        listed = reading.json_of(content, dict[str, Entry])
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        said = Said("{file} cannot be read: {reason}", file=FILE, reason=reason_of(error))
        raise TornError(folder, said) from None
    if strange := next((name for name in listed if not regular_files.is_name(name)), None):
        said = Said("{file} lists '{name}', which is no file's name", file=FILE, name=strange)
        raise TornError(folder, said)
    return listed


def check(folder: Path, names: Iterable[str] | None = None) -> None:
    """See that what is listed, of some names or of all, is as it was saved. Raises TornError."""
    listed = read(folder) or {}
    for name in listed if names is None else listed.keys() & set(names):
        if wrong := _wrong(folder / name, listed[name]):
            raise TornError(folder, wrong)


def _wrong(path: Path, saved: Entry) -> Said | None:
    name = one_line(path.name)
    try:
        there = os.lstat(path)
        if there.st_size != saved.size:
            return Said(
                "{name} has {size:,} bytes, and had {saved:,} when it was saved",
                name=name,
                size=there.st_size,
                saved=saved.size,
            )
        digest = _digest(path, there.st_size, there.st_mtime_ns, there.st_ino)
    except FileNotFoundError:
        return Said("{name} is missing", name=name)
    except OSError as error:
        return Said("{name} cannot be read: {reason}", name=name, reason=reason_of(error))
    if digest != saved.sha256:
        return Said("{name} is not what was saved: its checksum is another", name=name)
    return None


@lru_cache(maxsize=256)
def _digest(path: Path, size: int, changed: int, inode: int) -> str:
    """`size`, `changed` and `inode` tell a file from another that lay in its place."""
    return _digest_of(path)


def _digest_of(path: Path) -> str:
    found = hashlib.sha256()
    with regular_files.opened(path) as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def _write(folder: Path, listed: dict[str, Entry]) -> None:
    content = msgspec.json.format(msgspec.json.encode(listed), indent=1)
    write_atomically(folder / FILE, content + b"\n")
