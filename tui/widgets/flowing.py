"""Text that fills its lines in the cells of a Rich table.

Rich takes a Chinese sentence for one long word, and leaves a line nearly empty before it.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

from engine.language.wrapping import flowed, pieces


@dataclass(frozen=True)
class Flowing:
    """For cells of a Rich table."""

    words: str
    style: str = ""

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        widths = [cell_len(piece) for piece in pieces(self.words)]
        return Measurement(max(widths, default=0), cell_len(self.words))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text("\n".join(flowed(self.words, options.max_width)), self.style)
