"""Reads files that others wrote: regular ones alone, so many bytes at most, whatever is in them.

A name may lead to a pipe that nobody writes to, to a device without an end, to a table nested a
million deep or to a number of a million digits. All that goes wrong is an OSError or a ValueError
whose text is fit to be shown.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec
import tomli

from engine.language.said import Said, Words
from engine.machine import regular_files

T = TypeVar("T")

SMALL = 16 << 20
"""Bytes of a file that people or programs write settings into."""
ANY = regular_files.ANY
LARGE = 4 << 30
"""Bytes of a file of data."""


def open_regular(path: Path | str, most: int = LARGE) -> IO[bytes]:
    """Open a regular file of no more than `most` bytes, also behind a link. Raises OSError."""
    return regular_files.opened(Path(path), most=most, follow=True)


def read_bytes(path: Path | str, most: int = SMALL) -> bytes:
    """All of a file. Raises OSError."""
    return regular_files.content(Path(path), most=most, follow=True)


def read_text(path: Path | str, most: int = SMALL) -> str:
    """The text of a UTF-8 file, with or without BOM. Raises OSError or UnicodeDecodeError."""
    return read_bytes(path, most).decode("utf-8-sig")


def toml(text: str) -> dict[str, Any]:
    """The table of a TOML document. Raises ValueError, also for what tomli cannot bear."""
    try:
        return bounded(tomli.loads(text))
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    except tomli.TOMLDecodeError:
        raise
    except ValueError as error:
        raise ValueError(_not_a_number(error)) from None


def toml_of(text: str, kind: type[T]) -> T:
    """What a TOML document holds, as a type of ours. Raises ValueError, as `toml` does."""
    return msgspec.convert(bounded(toml(text), whole=True), kind)


def json_value(text: str | bytes) -> Any:
    """What a JSON text holds. Raises ValueError, also for what the parser cannot bear."""
    try:
        return bounded(json.loads(text)) if _may_be_deep(text) else json.loads(text)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise
    except ValueError as error:
        raise ValueError(_not_a_number(error)) from None


def json_of(text: str | bytes, kind: type[T]) -> T:
    """What a JSON text holds, as a type of ours. Raises ValueError, as `json_value` does."""
    return json_line(text, msgspec.json.Decoder(kind))


def json_line(line: str | bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """The same by a decoder, which is made once for many lines. Raises ValueError."""
    try:
        found = decoder.decode(line)
        if _may_be_deep(line) or _has_long_number(line):
            bounded(msgspec.json.decode(line), whole=True)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    return found


def json_file(path: Path | str, kind: type[T], most: int = SMALL) -> T:
    """What a JSON file holds, as a type of ours. Raises OSError or ValueError."""
    return json_of(read_bytes(path, most), kind)


def bounded(value: T, *, whole: bool = False) -> T:
    """The same tables and lists. Raises ValueError where they are nested deeper than any of ours.

    `whole` also holds whole numbers to 64 bits, which is all that libraries compute with.
    """
    layer: list[Any] = [value]
    for _depth in range(_DEEPEST):
        below: list[Any] = []
        for one in layer:
            if isinstance(one, dict):
                below.extend(one.values())
            elif isinstance(one, list):
                below.extend(one)
            elif whole and isinstance(one, int) and not -_REACH <= one < _REACH:
                raise ValueError(Said("a whole number of more than 64 bits"))
        if not below:
            return value
        layer = below
    raise ValueError(_TOO_DEEP)


_DEEPEST = 64
_REACH = 1 << 63
_TOO_DEEP = Said("nested too deeply")
_LONG = b"0" * 19
"""Fewer digits are a number below 10^18, which fits in 64 bits."""
_DIGITS_ALIKE = bytes(ord("0") if chr(byte).isdigit() and byte < 128 else 32 for byte in range(256))
"""Every digit as 0, all else as a blank: a search for so many digits costs less than decoding."""


def _may_be_deep(text: str | bytes) -> bool:
    """Of most texts their brackets, quickly counted, tell that they are not."""
    if isinstance(text, str):
        return text.count("[") + text.count("{") > _DEEPEST
    return text.count(b"[") + text.count(b"{") > _DEEPEST


def _has_long_number(text: str | bytes) -> bool:
    content = text.encode("utf-8", "replace") if isinstance(text, str) else text
    return _LONG in content.translate(_DIGITS_ALIKE)


def _not_a_number(error: ValueError) -> Words:
    """Python's words for too many digits speak of its own settings."""
    words = error.args[0] if error.args else ""
    if isinstance(words, Said):
        return words
    return Said("a number of too many digits") if "digits" in str(words) else str(words)
