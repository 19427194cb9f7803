"""The text of a data file, in parts as it is asked for: UTF-8, and what is said where it is not."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from engine.data.recognition import HEAD, refuse_what_is_no_text
from engine.language.errors import DataError
from engine.language.said import Said, Words
from engine.machine import reading

_PART = 1 << 20
_SAMPLE = 1 << 20
"""Bytes by which another encoding is guessed."""


def parts(path: Path) -> Iterator[str]:
    """The text in parts of about a million bytes. Raises DataError."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    lines = 1
    for block in _blocks(path):
        try:
            text = decoder.decode(block)
        except UnicodeDecodeError as error:
            raise _not_utf_8(path, error, lines) from None
        lines += text.count("\n")
        yield text
    try:
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise _not_utf_8(path, error, lines) from None


def lines(path: Path) -> Iterator[str]:
    """The lines without their end, as `text.split("\\n")` has them; no empty last one."""
    begun: list[str] = []  # joined once: a line may be as long as its file
    for text in parts(path):
        first, *others = text.split("\n")
        begun.append(first)
        if others:
            yield "".join(begun)
            yield from others[:-1]
            begun = [others[-1]]
    if rest := "".join(begun):
        yield rest


def read(path: Path) -> str:
    """All of it. Raises DataError."""
    return "".join(parts(path))


def _blocks(path: Path) -> Iterator[bytes]:
    try:
        with reading.open_regular(path) as file:
            head = file.read(HEAD)
            refuse_what_is_no_text(path, head)
            yield head
            while block := file.read(_PART):
                yield block
    except FileNotFoundError:
        raise DataError("{path}: no such file", path=path) from None
    except OSError as error:
        raise DataError(
            "{path}: cannot be read: {reason}", path=path, reason=error.strerror
        ) from None


def _not_utf_8(path: Path, error: UnicodeDecodeError, lines: int) -> DataError:
    """`lines` were begun before the bytes that the error speaks of."""
    line = lines + error.object.count(b"\n", 0, error.start)
    return DataError(
        "{path}: line {line}: not UTF-8 (byte {byte}){guess}; save it as UTF-8",
        path=path,
        line=line,
        byte=f"0x{error.object[error.start]:02x}",
        guess=_guess(path),
    )


def _guess(path: Path) -> Words:
    with reading.open_regular(path) as file:
        return guess(file.read(_SAMPLE))


def guess(raw: bytes) -> Words:
    """`, perhaps Big5` for bytes that are no UTF-8, or nothing."""
    for encoding, name in (("big5", "Big5"), ("cp950", "Big5"), ("gb18030", "GB18030")):
        try:
            codecs.getincrementaldecoder(encoding)().decode(raw)  # its end may be half a character
        except UnicodeDecodeError:
            continue
        return Said(", perhaps {name}", name=name)
    return ""
