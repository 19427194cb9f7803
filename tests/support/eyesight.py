"""Seeing as a terminal's user does: which colours are shown, and what can be told apart in them.

Measured on the finished lines, with nothing of the workbench's own arithmetic.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from rich.color import Color, ColorSystem
from rich.style import Style
from textual._context import visible_screen_stack
from textual.app import App
from textual.color import Color as Measured
from textual.filter import Monochrome, NoColor
from textual.geometry import Region

from engine.language.plain_text import width

DEPTHS = {
    "true colour": ColorSystem.TRUECOLOR,
    "256 colours": ColorSystem.EIGHT_BIT,
    "16 colours": ColorSystem.STANDARD,
    "NO_COLOR": ColorSystem.EIGHT_BIT,
}
"""What terminals can show."""
XTERM = (
    "#000000", "#cd0000", "#00cd00", "#cdcd00", "#0000ee", "#cd00cd", "#00cdcd", "#e5e5e5",
    "#7f7f7f", "#ff0000", "#00ff00", "#ffff00", "#5c5cff", "#ff00ff", "#00ffff", "#ffffff",
)  # fmt: skip
TELLS_APART = 1.25
"""The least ratio between two backgrounds, or two colours of text, that is noticed."""
_FRAME = re.compile(r"[\s\u2500-\u257f\u2580-\u258f\u2594\u2595]")
"""Lines, and the blocks that frames and bars are made of."""
_ATTRIBUTES = ("bold", "underline", "reverse", "italic")


class Glyph(NamedTuple):
    """A character where it stands, in the colours that are shown."""

    char: str
    front: str
    behind: str
    attributes: tuple[bool | None, ...]
    contrast: float
    """From 1, invisible, to 21."""
    is_text: bool
    """Is there anything to read? Curves are read, too."""

    def differs(self, other: Glyph) -> bool:
        """Can one see that something has changed here?"""
        if self.char != other.char or self.attributes != other.attributes:
            return True
        grounds = _ratio(self.behind, other.behind) >= TELLS_APART
        return grounds or (self.is_text and _ratio(self.front, other.front) >= TELLS_APART)


Picture = list[list[Glyph]]
"""A glyph a column; the second column of a wide character is an empty one."""


def set_depth(app: App[None], depth: str) -> None:
    """Let an application believe that its terminal shows no more than these."""
    app.console._color_system = DEPTHS[depth]
    app._filters[:] = [made for made in app._filters if not isinstance(made, Monochrome | NoColor)]
    if depth == "NO_COLOR":
        app._filters.append(NoColor() if app.native_ansi_color else Monochrome())


def picture(app: App[None], depth: str) -> Picture:
    """What a terminal shows now."""
    system, dark = DEPTHS[depth], app.current_theme.dark
    app.screen.refresh()  # a dialog keeps what is behind it, in the colours of before
    visible_screen_stack.set(app._background_screens)
    return [
        [glyph for text, style, _ in strip for glyph in _glyphs(text, style, system, dark)]
        for strip in app.screen._compositor.render_strips()
    ]


@lru_cache(maxsize=65536)
def _glyphs(text: str, style: Style | None, system: ColorSystem, dark: bool) -> tuple[Glyph, ...]:
    style = style or Style.null()
    front, behind = (_shown(style.color, system, dark), _shown(style.bgcolor, system, not dark))
    if style.reverse:
        front, behind = behind, front
    attributes = tuple(bool(getattr(style, name)) for name in _ATTRIBUTES)
    contrast, glyphs = _ratio(front, behind), []
    for char in text:
        columns = width(char)
        if columns:
            is_text = not _FRAME.match(char)
            glyphs.append(Glyph(char, front, behind, attributes, contrast, is_text))
        if columns == 2:
            glyphs.append(Glyph("", front, behind, attributes, contrast, False))
    return tuple(glyphs)


@lru_cache(maxsize=65536)
def _shown(color: Color | None, system: ColorSystem, bright: bool) -> str:
    if color is None or color.is_default:
        return XTERM[15 if bright else 0]
    shown = color.downgrade(system)
    if shown.number is not None and shown.number < 16:
        return XTERM[shown.number]
    return shown.get_truecolor().hex


@lru_cache(maxsize=65536)
def _ratio(one: str, other: str) -> float:
    bright, dim = (_luminance(Measured.parse(colour)) for colour in (one, other))
    return (max(bright, dim) + 0.05) / (min(bright, dim) + 0.05)


def _luminance(colour: Measured) -> float:
    """Relative luminance of sRGB, as WCAG 2 writes it."""
    weights = (0.2126, 0.7152, 0.0722)
    return sum(
        weight * (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
        for weight, part in zip(weights, colour.normalized)
    )


def faint(shown: Picture, least: float, of_marks: float) -> list[str]:
    """The words that are hard to read, and in what they stand; curves and the like are marks."""
    found = []
    for y, row in enumerate(shown):
        bad = [glyph if glyph.is_text and glyph.contrast < least else None for glyph in row]
        if not any(bad):
            continue
        for is_bad, group in groupby(bad, key=lambda glyph: glyph is not None):
            glyphs = [glyph for glyph in group if glyph and not _passes(glyph, of_marks)]
            if is_bad and glyphs:
                word, first = "".join(glyph.char for glyph in glyphs), glyphs[0]
                place = f"line {y}: {word!r} {first.front} on {first.behind}"
                found.append(f"{place}, {first.contrast:.2f}")
    return found


def _passes(glyph: Glyph, of_marks: float) -> bool:
    """Is it a dot of a curve or the like, which is allowed less contrast than words?"""
    is_mark = "\u2800" <= glyph.char <= "\u28ff" or "\u2580" <= glyph.char <= "\u25ff"
    return is_mark and glyph.contrast >= of_marks


def changed(before: Picture, after: Picture, region: Region) -> int:
    """Cells of a region that look different."""
    return sum(
        old.differs(new)
        for one, other in zip(before[region.y : region.bottom], after[region.y : region.bottom])
        for old, new in zip(one[region.x : region.right], other[region.x : region.right])
    )
