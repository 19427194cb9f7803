"""Keeps all text readable: colours too near to what is behind them are moved away from it.

No theme was made with every widget, terminal and depth of colour in mind: it is looked at what the
terminal will show, after blending, dimming and rounding to its palette.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from rich.color import Color as Shown
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.theme import Theme

LEAST, COMFORTABLE = 3.0, 4.5
"""Ratios of luminance, as WCAG defines them: of what can be read, and of what is read with ease."""
TOLD_APART = 1.2
"""Two backgrounds with this ratio are seen to be two."""
WITH_EASE = ("textual-dark", "textual-light")
"""The themes one is given without asking; others have their own softness."""
Triplet = tuple[int, int, int]

_SYSTEMS = {"standard": ColorSystem.STANDARD, "256": ColorSystem.EIGHT_BIT}
_SIXTEEN: tuple[Triplet, ...] = (
    (0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0),
    (0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229),
    (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0),
    (92, 92, 255), (255, 0, 255), (0, 255, 255), (255, 255, 255),
)  # fmt: skip
"""As xterm has them; other terminals differ a little."""
_MARK = re.compile(r"[^\s\u2500-\u257f\u2581-\u2587\u2589-\u258b\u258d-\u258f\u2594\u2595]")
"""All but blanks, and what lines and frames are made of."""
_STEPS = 20


class Contrast(LineFilter):
    """Goes over each line last, when it is known what is behind its text."""

    def __init__(self, least: float, system: str | None, *, dark: bool) -> None:
        super().__init__()
        self._least, self._system, self._dark = least, system or "", dark

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Words and marks in colours that can be seen; all else as it is."""
        behind = background.rich_color
        return [
            Segment(text, self._shown(style, behind, bool(_MARK.search(text))), control)
            if style is not None
            else Segment(text, style, control)
            for text, style, control in segments
        ]

    def _shown(self, style: Style, behind: Shown, has_marks: bool) -> Style:
        ground = style.bgcolor or behind
        if self._is_lost(ground, behind):
            front = style.color or Shown.default()
            front = readable(front, ground, COMFORTABLE, self._system, self._dark)
            return style + Style(color=ground, bgcolor=front)
        if not has_marks:
            return style
        front = style.color or Shown.default()
        colour = readable(front, ground, self._least, self._system, self._dark)
        return style if colour == style.color else style + Style(color=colour)

    def _is_lost(self, ground: Shown, behind: Shown) -> bool:
        """Would a highlight, such as a cursor's, be rounded to the colour of what is around it?"""
        return self._system in _SYSTEMS and is_lost(ground, behind, self._system, self._dark)


def cursors(theme: Theme) -> dict[str, str]:
    """Variables of a theme that are to be others."""
    if theme.ansi:  # the terminal's own colours the other way round: seen without colour, too
        return {
            "input-cursor-foreground": "ansi_default",
            "input-cursor-background": "ansi_default",
            "input-cursor-text-style": "reverse",
        }
    if theme.name == "textual-dark":  # under white letters the blue of the theme is too bright
        return {"block-cursor-background": Color.parse(theme.primary).darken(0.075).hex}
    return {}


@lru_cache(maxsize=64)
def contrast(theme: str, system: str | None, *, dark: bool) -> Contrast:
    """What a theme needs in a terminal of this system of colours."""
    return Contrast(COMFORTABLE if theme in WITH_EASE else LEAST, system, dark=dark)


@lru_cache(maxsize=4096)
def readable(colour: Shown, behind: Shown, least: float, system: str, dark: bool) -> Shown:
    """The colour, or the nearest on the way to white or black that keeps the least ratio."""
    ground = _seen(behind, system, dark, front=False)

    def suits(tried: Shown) -> bool:
        return ratio(_seen(tried, system, dark), ground) >= least

    if suits(colour):
        return colour
    for end in _ends(_seen(colour, system, dark), ground):
        found = next(filter(suits, _towards(colour, end)), None)
        if found is not None:
            return found
    return colour


def _ends(front: Triplet, ground: Triplet) -> tuple[Triplet, Triplet]:
    """Black and white, first the one that leaves light text light, and dark text dark."""
    black, white = (0, 0, 0), (255, 255, 255)
    is_light = _luminance(front) > _luminance(ground)
    is_light |= front == ground and ratio(white, ground) > ratio(black, ground)
    return (white, black) if is_light else (black, white)


def _towards(colour: Shown, end: Triplet) -> Iterator[Shown]:
    """Ever nearer to an end; of the terminal's own, which its user chose, by their names."""
    if colour.triplet is None:
        yield from (Shown.from_ansi(number) for number in _other_shade(colour))
        yield Shown.from_ansi(0 if end == (0, 0, 0) else 15)
        return
    for step in range(1, _STEPS + 1):
        share = step / _STEPS
        yield Shown.from_rgb(*(a + (b - a) * share for a, b in zip(colour.triplet, end)))


@lru_cache(maxsize=4096)
def is_lost(ground: Shown, behind: Shown, system: str, dark: bool) -> bool:
    """Can two backgrounds be told apart, but not once they are rounded to what there is?"""
    if ground == behind:
        return False
    meant = ratio(*(_seen(each, "", dark, front=False) for each in (ground, behind)))
    left = ratio(*(_seen(each, system, dark, front=False) for each in (ground, behind)))
    return meant >= TOLD_APART > left


def _other_shade(colour: Shown) -> list[int]:
    return [] if colour.number is None or colour.number > 15 else [colour.number ^ 8]


def _seen(colour: Shown, system: str, dark: bool, *, front: bool = True) -> Triplet:
    """What a terminal shows for a colour."""
    if colour.is_default:
        return (255, 255, 255) if front == dark else (0, 0, 0)
    shown = colour.downgrade(_SYSTEMS[system]) if system in _SYSTEMS else colour
    if shown.number is not None and shown.number < len(_SIXTEEN):
        return _SIXTEEN[shown.number]
    return tuple(shown.get_truecolor())  # type: ignore[return-value]


def ratio(one: Triplet, other: Triplet) -> float:
    """From 1, the same, to 21, black on white."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(triplet: Triplet) -> float:
    red, green, blue = (_linear(value / 255) for value in triplet)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)
