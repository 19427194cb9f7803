"""A line of the cards that tell what a run will do, need and take, or was measured to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.language.plain_text import one_line, width
from engine.language.said import Words

Sign = Literal["", "!"]
_LABEL = 11
"""Columns of the longest label."""


@dataclass(frozen=True)
class CardLine:
    """A label and a text; the sign `!` marks what deserves a second look."""

    label: Words
    text: Words
    sign: Sign = ""

    def plain(self) -> str:
        """For a terminal, the texts of all lines one below another."""
        gap = " " * (_LABEL - width(str(self.label)))
        return f"{self.sign or ' '} {self.label}{gap} {one_line(self.text)}"
