"""What commands print: text from outside is harmless to a terminal, whoever prints it.

Names of runs, notes, messages, model ids, file names and what models say come from others, and may
hold codes that move the cursor, change colours, write to the clipboard or turn lines around. So for
as long as a command runs, everything that is printed goes through here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from engine.language.plain_text import escaped, harmless
from engine.language.said import Said


class Harmless:
    """A text stream that lets no control codes through, but line breaks and tabs."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        self.stream.write(harmless(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def harmless_streams() -> Iterator[None]:
    """Standard output and standard error are harmless meanwhile."""
    before = sys.stdout, sys.stderr
    # A stream that was closed before the start is None.
    sys.stdout, sys.stderr = (Harmless(one) if one is not None else one for one in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def print_json(data: Any) -> None:
    """One line for programs; what could harm a terminal is written as `\\\\u009b`."""
    import json

    print(escaped(json.dumps(data, ensure_ascii=False, default=_worded)), flush=True)


def _worded(value: object) -> str:
    if isinstance(value, Said):
        return str(value)
    raise TypeError(type(value).__name__)


def put_line(line: str) -> None:
    """Write over the line of standard error that the cursor is in."""
    put_codes("\r\x1b[K" + harmless(line))


def put_codes(codes: str) -> None:
    """Codes of our own, for the terminal at standard error."""
    stream: Any = sys.stderr
    target = stream.stream if isinstance(stream, Harmless) else stream
    target.write(codes)
    target.flush()
