"""Who holds a lock, as said to everybody: files beside it, numbered, of which the latest counts.

A file system without locks can still make a file that was not there, for one process alone. So
whoever takes a lock makes the file of the next number; of two at once, one finds it made already.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import socket
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Struct

from engine.machine import identity, reading, regular_files
from engine.machine.files import write_atomically
from engine.machine.identity import Identity

_LONGEST = 4096
"""Bytes of such a file."""
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV)


class Holder(Struct, frozen=True):
    """A process that took the lock."""

    pid: Annotated[int, msgspec.Meta(ge=1, lt=1 << 31)]
    """Anything else names no process, but one's own group, or none at all."""
    host: str
    began: float
    """When the process began, seconds since the epoch, by a clock that may have been set since."""
    gpu: str = ""
    """UUID of the GPU it was given; empty where CUDA chose."""
    process: Identity | None = None
    """Older versions did not say."""
    inode: int = 0
    """Of the lock's own file: in a copy of the folder it has another one."""
    is_starting: bool = False
    """It has only taken the lock; a child may get it, and do the work."""
    has_lock: bool = False
    """Did the file system lock the file?"""
    is_shared: bool = False
    """Is such a lock seen on other machines?"""
    has_left: bool = False
    """It let go of the lock, and nobody has taken it since."""

    @property
    def is_here(self) -> bool:
        """Does it run where this process can see it?"""
        if self.process is None:
            return self.host == socket.gethostname()
        return self.process.boot == identity.boot()


class Claim(Struct, frozen=True):
    """One that was told, by its number."""

    number: int
    holder: Holder | None
    """None where the file cannot be read: somebody has it, but who?"""


def latest(folder: Path, name: str) -> Claim | None:
    """The one that counts; None if the lock was never taken. Raises OSError."""
    numbers = _numbers(folder, name)
    if not numbers:
        return None
    number = max(numbers)
    try:
        content = regular_files.content(_file(folder, name, number), most=_LONGEST)
        return Claim(number, reading.json_of(content, Holder))
    except FileNotFoundError:  # the next one has just taken its place
        return latest(folder, name)
    except (OSError, ValueError):
        return Claim(number, None)


def claim(folder: Path, name: str, number: int, holder: Holder) -> bool:
    """Be the holder of this number; False if somebody else is, or a later one. Raises OSError."""
    if not _make(_file(folder, name, number), msgspec.json.encode(holder)):
        return False
    numbers = _numbers(folder, name)
    if max(numbers) > number:  # it was free when we looked, and has been taken and left since
        _file(folder, name, number).unlink(missing_ok=True)
        return False
    for earlier in numbers - {number}:
        with contextlib.suppress(OSError):
            _file(folder, name, earlier).unlink()
    return True


def say(folder: Path, name: str, number: int, holder: Holder) -> None:
    """Say otherwise what one has said of oneself. Raises OSError."""
    write_atomically(_file(folder, name, number), msgspec.json.encode(holder))


def _make(path: Path, content: bytes) -> bool:
    """Make a file with all its content, unless it is there. Raises OSError."""
    whole = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    write_atomically(whole, content)
    try:
        os.link(whole, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _make_in_place(path, content)
    finally:
        whole.unlink()
    return True


def _make_in_place(path: Path, content: bytes) -> bool:
    try:
        handle = regular_files.descriptor(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        return False
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    return True


def _numbers(folder: Path, name: str) -> set[int]:
    pattern = re.compile(re.escape(name) + r"-(\d{1,18})\.json")
    found = (pattern.fullmatch(entry) for entry in os.listdir(folder))
    return {int(match[1]) for match in found if match}


def _file(folder: Path, name: str, number: int) -> Path:
    return folder / f"{name}-{number}.json"
