"""Draws a screen as SVG in which every cell stays in its place, whatever fonts the viewer has.

Letters are set one by one; what curves, lines and bars are made of is drawn, not written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import DEFAULT_TERMINAL_THEME

from engine.language.plain_text import width

WIDE, HIGH, MARGIN = 8, 17, 8
"""Of a cell, and around all, in pixels."""
SIZE = 13
"""Of the letters: the usual monospaced ones are 0.6 of it wide, or a little less."""
FONTS = (
    "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Noto Sans Mono CJK TC',"
    "'PingFang TC','Microsoft JhengHei',monospace"
)
_BASELINE = 13
_DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
"""Column and row of each bit of a braille character."""
_QUARTERS = "▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
"""By bits: upper left, upper right, lower left, lower right."""
_ARMS = {
    "─": "lr", "━": "lr", "│": "ud", "┌": "rd", "╭": "rd", "┐": "ld", "╮": "ld", "└": "ur",
    "╰": "ur", "┘": "ul", "╯": "ul", "├": "urd", "┤": "uld", "┬": "lrd", "┴": "ulr", "┼": "ulrd",
    "╷": "d", "╵": "u", "╴": "l", "╶": "r", "╺": "r", "╸": "l",
}  # fmt: skip
"""Where the lines of a character lead: up, down, left, right."""


def draw(lines: Sequence[Iterable[Segment]], columns: int, *, ground: str) -> str:
    """The picture of a screen."""
    wide, high = columns * WIDE + 2 * MARGIN, len(lines) * HIGH + 2 * MARGIN
    body = [part for y, line in enumerate(lines) for part in _line(line, y, ground)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" '
            f'width="{wide}" height="{high}">',
            f'<rect width="{wide}" height="{high}" rx="6" fill="{ground}"/>',
            f'<g font-family="{FONTS}" font-size="{SIZE}" text-anchor="middle" '
            f'transform="translate({MARGIN} {MARGIN})">',
            *body,
            "</g>",
            "</svg>\n",
        ]
    )


def _line(line: Iterable[Segment], y: int, ground: str) -> Iterator[str]:
    grounds, marks, x = [], [], 0
    for text, style, _ in line:
        columns = width(text)
        style = style or Style.null()
        front, behind = _hex(style.color, "#e0e0e0"), _hex(style.bgcolor, ground)
        if style.reverse:
            front, behind = behind, front
        if behind != ground:
            grounds.append(_box(x * WIDE, y * HIGH, columns * WIDE, HIGH, behind))
        marks.append(_marks(text, x, y, front, bold=bool(style.bold)))
        x += columns
    yield from filter(None, [*grounds, *marks])


def _marks(text: str, x: int, y: int, colour: str, *, bold: bool) -> str:
    """All that a text shows, in one colour."""
    letters, shapes = [], []
    for char in text:
        columns = width(char)
        if char != " " and columns:
            shape = _shape(char, x * WIDE, y * HIGH)
            if shape is None:
                middle = x * WIDE + columns * WIDE / 2
                letters.append(f'<tspan x="{middle:g}">{escape(char)}</tspan>')
            else:
                shapes.append(shape)
        x += columns
    weight = ' font-weight="bold"' if bold else ""
    row = y * HIGH + _BASELINE
    said = f'<text y="{row}" fill="{colour}"{weight}>{"".join(letters)}</text>' if letters else ""
    drawn = f'<path fill="{colour}" d="{"".join(shapes)}"/>' if shapes else ""
    return said + drawn


def _shape(char: str, x: float, y: float) -> str | None:
    """The outline of what is no letter; none if it is one."""
    code = ord(char)
    if 0x2800 <= code <= 0x28FF:
        dots = [_DOTS[bit] for bit in range(8) if code - 0x2800 >> bit & 1]
        return "".join(_dot(x + 2 + 4 * column, y + 2.5 + 4 * row) for column, row in dots)
    if char in _QUARTERS:
        bits = _QUARTERS.index(char) + 1
        parts = [(bit % 2, bit // 2) for bit in range(4) if bits >> bit & 1]
        return "".join(
            _path(x + WIDE / 2 * column, y + HIGH / 2 * row, WIDE / 2, HIGH / 2)
            for column, row in parts
        )
    if 0x2581 <= code <= 0x2587:
        share = HIGH * (code - 0x2580) / 8
        return _path(x, y + HIGH - share, WIDE, share)
    if 0x2589 <= code <= 0x258F:
        return _path(x, y, WIDE * (0x2590 - code) / 8, HIGH)
    if char in "▔▕":
        return _path(x, y, WIDE, 2) if char == "▔" else _path(x + WIDE - 1, y, 1, HIGH)
    return _lines(char, x, y) if char in _ARMS else None


def _lines(char: str, x: float, y: float) -> str:
    thick = 2 if char in "━╺╸" else 1
    middle, centre = x + WIDE / 2 - thick / 2, y + HIGH / 2 - thick / 2
    arms = {
        "u": (middle, y, thick, HIGH / 2 + thick / 2),
        "d": (middle, centre, thick, HIGH / 2 + thick / 2),
        "l": (x, centre, WIDE / 2 + thick / 2, thick),
        "r": (middle, centre, WIDE / 2 + thick / 2, thick),
    }
    return "".join(_path(*arms[arm]) for arm in _ARMS[char])


def _dot(x: float, y: float) -> str:
    return f"M{x - 1:g} {y:g}a1 1 0 1 0 2 0a1 1 0 1 0-2 0z"


def _path(x: float, y: float, wide: float, high: float) -> str:
    return f"M{x:g} {y:g}h{wide:g}v{high:g}h{-wide:g}z"


def _box(x: float, y: float, wide: float, high: float, colour: str) -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{wide:g}" height="{high:g}" fill="{colour}"/>'


def _hex(colour: Color | None, default: str) -> str:
    if colour is None or colour.is_default:
        return default
    return colour.get_truecolor(DEFAULT_TERMINAL_THEME).hex
