"""One file, fetched in as many attempts as it takes, resumed at its last byte, and checked."""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from engine.language.errors import UserError
from engine.language.said import Said
from engine.machine import reading, regular_files
from engine.machine.files import sync_names

CHUNK = 1 << 20
_TRIES = 5
"""In a row without a byte, before a download is given up."""
_PAUSE = 1.0
"""Seconds before the first new try; doubled each time."""


class ConnectionLost(Exception):
    """The connection broke off; asking again may help."""


@dataclass(frozen=True)
class ModelFile:
    """A file as its source lists it."""

    name: str
    size: int
    """Bytes; -1 if unknown."""
    key: str = ""
    """What the hub's cache calls the content: its SHA-256, or git's name for it, or empty."""
    sha256: str = ""
    """Of the content; large files have it."""
    local: bool = False
    """From a folder: what is here already is read again, for it may be from another one."""


Read = Callable[[ModelFile, int], tuple[int, Iterator[bytes]]]
"""The bytes of a file from a start, or from where the first number says."""


def bytes_here(file: ModelFile, target: Path) -> int:
    """How much of a file is here already."""
    if _is_whole(file, target):
        return file.size
    part = _part(target)
    return min(part.stat().st_size, file.size) if part.is_file() else 0


def fetch(file: ModelFile, read: Read, target: Path, progress: Callable[[int], None]) -> None:
    """Make a file whole; `progress` is told its bytes. Raises UserError.

    Until it is whole and checked it lies beside its place, with the ending .part.
    """
    if _is_whole(file, target):
        progress(file.size)
        return
    part = _part(target)
    handle = regular_files.descriptor(part, os.O_RDWR | os.O_APPEND | os.O_CREAT)
    with os.fdopen(handle, "ab+") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(
                "{part}: another yiwen pull is writing it; let it finish", part=part
            ) from None
        content = _Content(opened, file)
        _fill(content, file, read, progress)
        opened.flush()
        os.fsync(opened.fileno())
        if not content.is_right():
            part.unlink()
            raise UserError(
                "{name}: arrived damaged and was thrown away; repeat the command", name=file.name
            )
        os.replace(part, target)
    sync_names(target.parent)


def _fill(content: _Content, file: ModelFile, read: Read, progress: Callable[[int], None]) -> None:
    failures = 0
    while content.count < file.size:
        before = content.count
        try:
            start, chunks = read(file, content.count)
            if start != content.count:
                content.begin_anew()
            for chunk in chunks:
                content.write(chunk)
                progress(min(content.count, file.size))
            if content.count < file.size:
                raise ConnectionLost(Said("the connection was closed too early"))
        except ConnectionLost as error:
            failures = 0 if content.count > before else failures + 1
            if failures >= _TRIES:
                raise UserError(
                    "{name}: {error}; the network may be down: the same command goes on from "
                    "here; --from URL takes a mirror, --from DIR a folder with the model",
                    name=file.name,
                    error=error,
                ) from None
            time.sleep(_PAUSE * 2**failures)


def _is_whole(file: ModelFile, target: Path) -> bool:
    if not target.is_file() or target.stat().st_size != file.size:
        return False
    return not file.local or sha256_of(target) == file.sha256


def sha256_of(path: Path) -> str:
    """The checksum of a file's content."""
    found = hashlib.sha256()
    with reading.open_regular(path, reading.ANY) as opened:
        while chunk := opened.read(CHUNK):
            found.update(chunk)
    return found.hexdigest()


def _part(target: Path) -> Path:
    """Where a file lies until it is whole."""
    return target.with_name(target.name + ".part")


class _Content:
    """A file that is being written, and its checksum so far."""

    def __init__(self, opened: BinaryIO, file: ModelFile) -> None:
        self._opened = opened
        self._file = file
        self.count = 0
        self._begin()
        opened.seek(0)
        while chunk := opened.read(CHUNK):
            self._take(chunk)
        if self.count > file.size:
            self.begin_anew()

    def _begin(self) -> None:
        self.count = 0
        if self._file.sha256:
            self._hash = hashlib.sha256()
        else:  # what git calls the content
            self._hash = hashlib.sha1(b"blob %d\0" % self._file.size, usedforsecurity=False)

    def begin_anew(self) -> None:
        """Forget what is there."""
        self._opened.truncate(0)
        self._begin()

    def write(self, chunk: bytes) -> None:
        self._opened.write(chunk)
        self._take(chunk)

    def _take(self, chunk: bytes) -> None:
        self._hash.update(chunk)
        self.count += len(chunk)

    def is_right(self) -> bool:
        """Is the content what the source lists, as far as it says?"""
        expected = self._file.sha256 or self._file.key
        return self.count == self._file.size and expected in ("", self._hash.hexdigest())
