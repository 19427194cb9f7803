"""Makes text from outside harmless to a terminal: no escape codes, no control characters."""

from __future__ import annotations

import re

# Whole sequences first (colours, window titles), so that their tails do not stay as litter.
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[\]P^_X][^\x07\x1b\n]*(?:\x07|\x1b\\)?"
)
# C0 and C1 codes, and what reorders text; a newline is the caller's affair.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """A text of several lines without control characters."""
    return _CONTROL.sub("", _SEQUENCE.sub("", text.replace("\t", "    ")))


def one_line(text: str) -> str:
    """A text for a place one line high."""
    return " ".join(plain(text).split())
