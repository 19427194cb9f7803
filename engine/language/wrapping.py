"""Breaks text into lines: Chinese between any two characters, not only at spaces."""

from __future__ import annotations

import re

from engine.language.plain_text import width

_WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_PIECE = re.compile(rf"[「『（《]*(?:[{_WIDE}]|[^\s{_WIDE}]+)[，。、；：！？）」』》…]*|\s+")
"""What stays together: a word, or a character with the punctuation that clings to it."""


def pieces(words: str) -> list[str]:
    """What a text may be broken into."""
    return _PIECE.findall(words)


def flowed(words: str, columns: int) -> list[str]:
    """The lines of a text, each as full as can be."""
    lines = [""]
    for piece in pieces(words):
        if lines[-1] and width((lines[-1] + piece).rstrip()) > columns:
            lines.append(piece.lstrip())
        else:
            lines[-1] += piece
    return [line.rstrip() for line in lines]
