"""Reads files that others wrote: regular ones alone, so many bytes at most, whatever is in them.

A name may lead to a pipe that nobody writes to, to a device without an end, to a table nested a
million deep or to a number of a million digits. All that goes wrong is an OSError or a ValueError
whose text is fit to be shown.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec
import tomli

from engine.language.said import Said, Words

T = TypeVar("T")

SMALL = 16 << 20
"""Bytes of a file that people or programs write settings into."""
LARGE = 4 << 30
"""Bytes of a file of data."""


def open_regular(path: Path | str, most: int = LARGE) -> BinaryIO:
    """Open a regular file of no more than `most` bytes. Raises OSError.

    Asked for without waiting: to open a pipe would else wait for its writer.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _require_regular(os.fstat(handle), str(path), most)
    except OSError:
        os.close(handle)
        raise
    return os.fdopen(handle, "rb")


def _require_regular(status: os.stat_result, path: str, most: int) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, Said("it is a pipe or a device, not a file"), path)
    if status.st_size > most:
        said = Said("it is larger than {most:,} MiB", most=most >> 20)
        raise OSError(errno.EFBIG, said, path)


def read_bytes(path: Path | str, most: int = SMALL) -> bytes:
    """All of a file. Raises OSError."""
    with open_regular(path, most) as file:
        content = file.read(most + 1)
    if len(content) > most:  # it has grown meanwhile, or is one of those that tell no size
        said = Said("it is larger than {most:,} MiB", most=most >> 20)
        raise OSError(errno.EFBIG, said, str(path))
    return content


def read_text(path: Path | str, most: int = SMALL) -> str:
    """The text of a UTF-8 file, with or without BOM. Raises OSError or UnicodeDecodeError."""
    return read_bytes(path, most).decode("utf-8-sig")


def toml(text: str) -> dict[str, Any]:
    """The table of a TOML document. Raises ValueError, also for what tomli cannot bear."""
    try:
        return tomli.loads(text)
    except RecursionError:
        raise ValueError(Said("nested too deeply")) from None
    except tomli.TOMLDecodeError:
        raise
    except ValueError as error:
        raise ValueError(_not_a_number(error)) from None


def json_value(text: str | bytes) -> Any:
    """What a JSON text holds. Raises ValueError, also for what the parser cannot bear."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError(Said("nested too deeply")) from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise
    except ValueError as error:
        raise ValueError(_not_a_number(error)) from None


def json_of(text: str | bytes, kind: type[T]) -> T:
    """What a JSON text holds, as a type of ours. Raises ValueError, as `json_value` does."""
    try:
        return msgspec.json.decode(text, type=kind)
    except RecursionError:
        raise ValueError(Said("nested too deeply")) from None


def json_file(path: Path | str, kind: type[T], most: int = SMALL) -> T:
    """What a JSON file holds, as a type of ours. Raises OSError or ValueError."""
    return json_of(read_bytes(path, most), kind)


def _not_a_number(error: ValueError) -> Words:
    """Python's words for too many digits speak of its own settings."""
    return Said("a number of too many digits") if "digits" in str(error) else str(error)
