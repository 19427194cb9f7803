"""Puts values into words, and makes text from outside harmless to a terminal."""

from __future__ import annotations

import re
import unicodedata

from engine.language.errors import UserError
from engine.language.said import Said, Words

# Whole sequences first, lest their tails stay as litter: ECMA-48 by its grammar, C1 codes in their
# eight-bit form too. A string without an end goes to the end of its line.
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # control sequences: colours, the cursor
    r"|(?:\x1b[PX\]^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x9c|\x1b\\)?"  # titles
    r"|\x1b[ -/]*[0-~]"  # all others: character sets, resets
)
# C0 and C1 codes, and what reorders text; a newline is the caller's affair.
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb]"
)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
"""Bytes of a name that are no UTF-8; no stream takes them."""


def plain(text: Words) -> str:
    """A text of several lines without control characters."""
    return harmless(str(text).replace("\t", "    "))


def harmless(text: str) -> str:
    """A text as it is, without what a terminal would obey; line breaks and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return _SURROGATE.sub("\ufffd", _CONTROL.sub("", _SEQUENCE.sub("", text)))


def escaped(text: str) -> str:
    """A line of JSON that means the same, with all that a terminal would obey in figures."""
    for kind in (_CONTROL, _SURROGATE):
        text = kind.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
    return text


def one_line(text: Words) -> str:
    """A text for a place one line high."""
    return " ".join(plain(str(text)).split())


def message_of(error: Exception | Words) -> str:
    """An error as a sentence; the kind is named where the error was not foreseen."""
    if isinstance(error, str | Said | UserError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def cut(text: str, room: int) -> str:
    """A text in so many columns at most, with a sign that there is more."""
    taken = 0
    end = 0
    for at, char in enumerate(text):
        taken += _columns(char)
        if taken < room:
            end = at + 1
        elif taken > room:
            return text[:end].rstrip() + "…"
    return text


def width(text: str) -> int:
    """Columns that a text takes in a terminal."""
    return sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
