"""Draws learning curves as SVG: lines over optimizer steps, and levels to hold them against."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from engine.text import number, plain

WIDTH, HEIGHT = 760, 430
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 20, 24, 48
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""Told apart by colour-blind eyes, too (Okabe & Ito 2008)."""
_LOG_FROM = 12.0
"""A scale that spans more than this factor is logarithmic."""
_NEAR = 1.5
"""A level within this factor of the curves is drawn."""


@dataclass(frozen=True)
class Line:
    """A curve; one that is not solid belongs to the solid one before it."""

    name: str
    points: Sequence[tuple[float, float]]
    dashed: bool = False


@dataclass(frozen=True)
class Level:
    """A value without steps, drawn across."""

    name: str
    value: float


def draw(lines: Sequence[Line], levels: Sequence[Level], x_name: str, y_name: str) -> str:
    """The chart as a document of its own; values that are not finite are left out."""
    lines = [Line(line.name, _finite(line.points), line.dashed) for line in lines]
    levels = [level for level in levels if math.isfinite(level.value) and level.value > 0]
    values = [y for line in lines for _, y in line.points]
    values = values or [level.value for level in levels] or [1.0]
    low, high = min(values), max(values)
    # Levels far off (an untuned model's 9342.65 over a curve that ends at 16.62) are only named.
    near = [level for level in levels if low / _NEAR < level.value < high * _NEAR]
    low, high = min([low, *(one.value for one in near)]), max([high, *(one.value for one in near)])
    logarithmic = low > 0 and high / low > _LOG_FROM
    marks = _log_marks(low, high) if logarithmic else _marks(min(low, high * 0.9), high)
    bottom, top = min([low, *marks]), max([high, *marks])
    right = max((x for line in lines for x, _ in line.points), default=1.0) or 1.0
    scale: Callable[[float], float] = math.log if logarithmic else float

    def at_x(x: float) -> float:
        return _LEFT + x / right * (WIDTH - _LEFT - _RIGHT)

    def at_y(y: float) -> float:
        part = (scale(y) - scale(bottom)) / ((scale(top) - scale(bottom)) or 1.0)
        return HEIGHT - _BOTTOM - part * (HEIGHT - _TOP - _BOTTOM)

    body = [_grid(at_y(mark), number(mark, 2 if mark % 1 else 0)) for mark in marks]
    body += [_tick(at_x(mark), f"{mark:,.0f}") for mark in _marks(0, right) if mark <= right]
    body += [_level(level, at_y(level.value)) for level in near]
    colour = -1
    for line in lines:
        colour += not line.dashed
        at = [(at_x(x), at_y(y)) for x, y in line.points]
        body.append(_line(line, at, _COLOURS[max(colour, 0) % len(_COLOURS)]))
    body += _legend(lines, [level for level in levels if level not in near])
    body.append(_text((WIDTH + _LEFT) / 2, HEIGHT - 10, x_name, "middle"))
    body.append(_text(_LEFT, 14, y_name + (", logarithmic" if logarithmic else "")))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def _finite(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(x, y) for x, y in points if math.isfinite(y)]


def _marks(low: float, high: float, wanted: int = 6) -> list[float]:
    """Round values that span low to high."""
    rough = (high - low) / wanted or 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(index * step, 10) for index in range(first, last + 1)]


def _log_marks(low: float, high: float) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    factors = (1, 2, 5) if last - first < 4 else (1,)
    marks = [factor * 10.0**power for power in range(first, last + 1) for factor in factors]
    lowest = max((mark for mark in marks if mark <= low), default=low)
    highest = min((mark for mark in marks if mark >= high), default=high)
    return [mark for mark in marks if lowest <= mark <= highest]


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    shown = escape(plain(text))
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#222">{shown}</text>'


def _grid(y: float, label: str) -> str:
    rule = f'<path d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}" stroke="#ddd"/>'
    return rule + _text(_LEFT - 6, y + 4, label, "end")


def _tick(x: float, label: str) -> str:
    foot = HEIGHT - _BOTTOM
    return f'<path d="M{x:.1f} {foot}v5" stroke="#222"/>' + _text(x, foot + 18, label, "middle")


def _level(level: Level, y: float) -> str:
    rule = f'<path d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}" stroke="#555" stroke-dasharray="2 4"/>'
    name = f"{level.name} {number(level.value)}"
    return rule + _text(WIDTH - _RIGHT - 4, y - 4, name, "end")


def _line(line: Line, at: Sequence[tuple[float, float]], colour: str) -> str:
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in at)
    dashes = ' stroke-dasharray="6 4"' if line.dashed else ""
    drawn = f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>'
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in at]
    return (drawn if at else "") + "".join(dots)


def _legend(lines: Sequence[Line], far: Sequence[Level]) -> list[str]:
    shown, colour = [], -1
    for row, line in enumerate(lines):
        colour += not line.dashed
        y = _TOP + 14 + 17 * row
        dashes = ' stroke-dasharray="6 4"' if line.dashed else ""
        stroke = _COLOURS[max(colour, 0) % len(_COLOURS)]
        shown.append(
            f'<path d="M{WIDTH - 40} {y - 4}h20" stroke="{stroke}" stroke-width="2"{dashes}/>'
            + _text(WIDTH - 46, y, line.name, "end")
        )
    for row, level in enumerate(far, len(lines)):
        name = f"{level.name}: {number(level.value)}, off the scale"
        shown.append(_text(WIDTH - 46, _TOP + 14 + 17 * row, name, "end"))
    return shown
