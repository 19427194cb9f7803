"""What tables are made of: headings, cells, and words fitted to as many columns as there are."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size


@dataclass(frozen=True)
class Heading:
    """A column: its key, what stands above it, how wide it is."""

    key: str
    label: str
    width: int
    right: bool = False


@dataclass(frozen=True)
class Cell:
    """Words without control characters, and the colour of a theme's variable, or none."""

    words: str
    colour: str = ""
    bold: bool = False
    dim: bool = False


def clipped(words: str, width: int) -> str:
    """Words cut to a number of cells, with a sign that there is more."""
    if len(words) <= width // 2 or cell_len(words) <= width:
        return words
    return set_cell_size(words, width - 1).rstrip() + "…"


def padded(words: str, width: int, *, right: bool = False) -> str:
    """Words with spaces to a number of cells; wider ones as they are."""
    gap = " " * (width - cell_len(words))
    return gap + words if right else words + gap


def fitted(words: str, heading: Heading) -> str:
    """Words in as many cells as the column has."""
    return padded(clipped(words, heading.width), heading.width, right=heading.right)
