"""Text that fills its lines: Chinese may be broken between any two characters, not only at spaces.

Rich takes a Chinese sentence for one long word, and leaves a line nearly empty before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

_WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_PIECE = re.compile(rf"[「『（《]*(?:[{_WIDE}]|[^\s{_WIDE}]+)[，。、；：！？）」』》…]*|\s+")
"""What stays together: a word, or a character with the punctuation that clings to it."""


@dataclass(frozen=True)
class Flowing:
    """For cells of a Rich table."""

    words: str
    style: str = ""

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        widths = [cell_len(piece) for piece in _PIECE.findall(self.words)]
        return Measurement(max(widths, default=0), cell_len(self.words))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text("\n".join(flowed(self.words, options.max_width)), self.style)


def flowed(words: str, width: int) -> list[str]:
    """The lines of a text, each as full as can be."""
    lines = [""]
    for piece in _PIECE.findall(words):
        if lines[-1] and cell_len((lines[-1] + piece).rstrip()) > width:
            lines.append(piece.lstrip())
        else:
            lines[-1] += piece
    return [line.rstrip() for line in lines]
