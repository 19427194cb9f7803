"""Texts from the command line and from standard input, in whatever encoding they arrive."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from engine.data.text_file import guess
from engine.language.errors import UserError
from engine.language.said import labelled
from engine.language.texts import _


def lines() -> Iterator[str]:
    """The lines of standard input, stripped: as many as there are. Raises UserError."""
    if sys.stdin is None:
        raise UserError(_("standard input is closed; give a text, or a file by `< FILE`"))
    encoding = sys.stdin.encoding or "utf-8"
    # Only a newline ends a line: Python's own reading would end one at a lone \r as well.
    for number, raw in enumerate(sys.stdin.buffer, 1):
        line = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
        try:
            yield line.decode(encoding).strip()
        except UnicodeDecodeError:
            place = _("standard input, line {number}").format(number=number)
            raise UserError(labelled(place, _not(encoding, line))) from None


def checked(text: str, name: str) -> str:
    """A text as it was typed. Raises UserError where its bytes are not of the locale."""
    if not any("\udc80" <= char <= "\udcff" for char in text):
        return text
    raw = text.encode(sys.getfilesystemencoding(), "surrogateescape")
    raise UserError(labelled(name, _not(sys.getfilesystemencoding(), raw)))


def _not(encoding: str, raw: bytes) -> str:
    return _("not {encoding}{guess}; convert it, or set the locale to what it is").format(
        encoding=encoding.upper(), guess=guess(raw)
    )
