"""Tells what a file is that does not hold the text its name promises, and what to do about it."""

from __future__ import annotations

import re

from engine.language.errors import DataError
from engine.language.said import Said, Words, labelled

HEAD = 4096
"""Bytes from the start of a file that are looked at."""

_UNPACK = Said("is compressed ({kind}); unpack it first")
_BINARY = Said("is a {kind} file, no text; export its pairs as JSON, JSON Lines, TSV or CSV")
_BY_FIRST_BYTES: tuple[tuple[bytes, Said, str], ...] = (
    (b"\x1f\x8b", _UNPACK, "gzip"),
    (b"BZh", _UNPACK, "bzip2"),
    (b"\xfd7zXZ\x00", _UNPACK, "xz"),
    (b"\x28\xb5\x2f\xfd", _UNPACK, "zstd"),
    (b"7z\xbc\xaf\x27\x1c", _UNPACK, "7z"),
    (b"Rar!", _UNPACK, "rar"),
    (b"PAR1", _BINARY, "Parquet"),
    (b"ARROW1", _BINARY, "Arrow"),
    (b"\xff\xff\xff\xff", _BINARY, "Arrow"),
    (b"SQLite format 3\x00", _BINARY, "SQLite"),
    (b"%PDF", _BINARY, "PDF"),
    (b"\x93NUMPY", _BINARY, "NumPy"),
    (b"\x80\x04", _BINARY, "pickle"),
)


def refuse_what_is_no_text(path: object, head: bytes) -> None:
    """Raises DataError if a file that begins like this is none of UTF-8 text."""
    said = _of_bytes(head) or _of_words(head)
    if said:
        raise DataError(labelled(path, said))


def _of_bytes(head: bytes) -> Words:
    if head.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return Said("is UTF-32; save it as UTF-8")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or _is_utf_16(head):
        return Said("is UTF-16; save it as UTF-8")
    for first, said, kind in _BY_FIRST_BYTES:
        if head.startswith(first):
            return said.filled(kind=kind)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1"):
        return Said("is an old Excel or Word file; save it as CSV UTF-8")
    if head.startswith(b"PK\x03\x04"):
        return _of_archive(head)
    return ""


def _of_archive(head: bytes) -> Said:
    if b"word/" in head:
        return Said("is a Word document; save it as plain text, UTF-8")
    if b"[Content_Types].xml" in head or b"xl/" in head:
        return Said("is an Excel workbook; save it as CSV UTF-8")
    if b"opendocument.spreadsheet" in head:
        return Said("is a LibreOffice spreadsheet; save it as CSV UTF-8")
    return _UNPACK.filled(kind="zip")


def _is_utf_16(head: bytes) -> bool:
    """Without a BOM: ASCII signs, of which any data has some, have every other byte zero."""
    return len(head) >= 8 and any(
        half.count(0) * 8 > len(half) > 0 for half in (head[0::2], head[1::2])
    )


def _of_words(head: bytes) -> Words:
    if head.startswith(b"version https://git-lfs"):
        return Said("is a git-lfs pointer, not the file itself; fetch it with `git lfs pull`")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:200].lower()
    if re.match(rb"<!doctype html|<html|<head|<\?xml[^>]*>\s*<!doctype html", start):
        return Said("is a web page (HTML), not data; download the file itself (its raw form)")
    if re.match(rb"<\?xml|<tmx", start):
        return Said("is XML; export its pairs as JSON, JSON Lines, TSV or CSV")
    return ""
