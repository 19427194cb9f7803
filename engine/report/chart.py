"""Draws learning curves as SVG: lines over optimizer steps, and levels to hold them against."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape

from engine.language.figures import number
from engine.language.plain_text import plain
from engine.language.said import Said, Words

WIDTH, PLOT_HEIGHT = 760, 360
_LEFT, _RIGHT, _BOTTOM = 64, 20, 48
_ROW = 18
"""Height of a line of the legend, which stands over the plot: nothing is written on curves."""
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""Told apart by colour-blind eyes, too (Okabe & Ito 2008)."""
_LOG_FROM = 12.0
"""A scale that spans more than this factor is logarithmic."""
_NEAR = 1.5
"""A level within this factor of the curves is drawn."""
_APART = 1.25
"""A first point this many times above all others would flatten them: it is shown apart."""


@dataclass(frozen=True)
class Line:
    """A curve; one that is not solid belongs to the solid one before it."""

    name: Words
    points: Sequence[tuple[float, float]]
    dashed: bool = False
    marked: float = -1
    """Step of the checkpoint that was chosen."""

    @property
    def untuned(self) -> float:
        """The first point, before training, if it is far above all others; else nan."""
        (first, value), *rest = self.points or [(0.0, math.nan)]
        highest = max((point[1] for point in rest), default=math.inf)
        return value if not first and value > _APART * highest else math.nan

    @property
    def drawn(self) -> Sequence[tuple[float, float]]:
        """The points that set the scale."""
        return self.points if math.isnan(self.untuned) else self.points[1:]


@dataclass(frozen=True)
class Level:
    """A value without steps, drawn across."""

    name: Words
    value: float


def draw(lines: Sequence[Line], levels: Sequence[Level], x_name: Words, y_name: Words) -> str:
    """The chart as a document of its own; values that are not finite are left out."""
    lines = [replace(line, points=_finite(line.points)) for line in lines]
    levels = [level for level in levels if math.isfinite(level.value) and level.value > 0]
    values = [point[1] for line in lines for point in line.drawn]
    values = values or [level.value for level in levels] or [1.0]
    low, high = min(values), max(values)
    # Levels far off (an untuned model's 9342.65 over a curve that ends at 16.62) are only named.
    near = [level for level in levels if low / _NEAR < level.value < high * _NEAR]
    low, high = min([low, *(one.value for one in near)]), max([high, *(one.value for one in near)])
    logarithmic = low > 0 and high / low > _LOG_FROM
    marks = _log_marks(low, high) if logarithmic else _marks(min(low, high * 0.9), high)
    legend = _legend(lines, near, [level for level in levels if level not in near])
    frame = _Frame(
        right=max((point[0] for line in lines for point in line.points), default=1.0) or 1.0,
        bottom=min([low, *marks]),
        top=max([high, *marks]),
        logarithmic=logarithmic,
        head=_ROW * len(legend) + 30,
    )
    body = [_grid(frame, mark) for mark in marks]
    body += [_tick(frame, mark) for mark in _marks(0, frame.right) if mark <= frame.right]
    body += [_level(frame, level) for level in near]
    for line, colour in zip(lines, _colours(lines)):
        body.append(_line(frame, line, colour))
    body += [
        f'<g transform="translate(0 {_ROW * row})">{one}</g>' for row, one in enumerate(legend)
    ]
    height = frame.foot + _BOTTOM
    body.append(_text((WIDTH + _LEFT) / 2, height - 10, x_name, "middle"))
    scale = Said("{name}, logarithmic", name=y_name) if logarithmic else y_name
    body.append(_text(8, frame.head - 12, scale))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="12">\n'
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


@dataclass(frozen=True)
class _Frame:
    """Where values lie in the picture."""

    right: float
    bottom: float
    top: float
    logarithmic: bool
    head: int

    @property
    def foot(self) -> int:
        return self.head + PLOT_HEIGHT

    def x(self, step: float) -> float:
        return _LEFT + step / self.right * (WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        scale: Callable[[float], float] = math.log if self.logarithmic else float
        low, high = scale(self.bottom), scale(self.top)
        return self.foot - (scale(value) - low) / ((high - low) or 1.0) * PLOT_HEIGHT


def _colours(lines: Sequence[Line]) -> list[str]:
    """A colour for each solid line and the dashed ones after it."""
    found, at = [], -1
    for line in lines:
        at += not line.dashed
        found.append(_COLOURS[max(at, 0) % len(_COLOURS)])
    return found


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


def _text(x: float, y: float, text: Words, anchor: str = "start") -> str:
    shown = escape(plain(text))
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#222">{shown}</text>'


def _grid(frame: _Frame, mark: float) -> str:
    y, label = frame.y(mark), number(mark, 2 if mark % 1 else 0)
    rule = f'<path d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}" stroke="#ddd"/>'
    return rule + _text(_LEFT - 6, y + 4, label, "end")


def _tick(frame: _Frame, step: float) -> str:
    x, foot = frame.x(step), frame.foot
    mark = f'<path d="M{x:.1f} {foot}v5" stroke="#222"/>'
    return mark + _text(x, foot + 18, f"{step:,.0f}", "middle")


_DOTTED, _DASHED = ' stroke-dasharray="2 4"', ' stroke-dasharray="6 4"'


def _level(frame: _Frame, level: Level) -> str:
    y = frame.y(level.value)
    return f'<path d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}" stroke="#555"{_DOTTED}/>'


def _line(frame: _Frame, line: Line, colour: str) -> str:
    """The curve, its points, a ring around the chosen one, an arrow to one that is shown apart."""
    at = [(frame.x(x), frame.y(y)) for x, y in line.drawn]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in at)
    dashes = _DASHED if line.dashed else ""
    parts = (
        [f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>']
        if at
        else []
    )  # noqa: E501
    parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in at]
    for step, value in line.drawn:
        if step == line.marked:
            parts.append(_ring(frame.x(step), frame.y(value), colour))
    if not math.isnan(line.untuned):
        head = f"M{_LEFT} {frame.head - 2}l-4 8h8z"
        parts.append(f'<path d="{head}" fill="{colour}"/>')
        if at:
            steep = f"M{_LEFT} {frame.head}L{at[0][0]:.1f} {at[0][1]:.1f}"
            parts.append(f'<path d="{steep}" fill="none" stroke="{colour}"{_DOTTED}/>')
    return "".join(parts)


def _ring(x: float, y: float, colour: str) -> str:
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="none" stroke="{colour}" stroke-width="2"/>'  # noqa: E501
    )


def _legend(lines: Sequence[Line], near: Sequence[Level], far: Sequence[Level]) -> list[str]:
    """A line each: what it looks like, and what it is."""
    shown = []
    for line, colour in zip(lines, _colours(lines)):
        dashes = _DASHED if line.dashed else ""
        name = line.name
        if not math.isnan(line.untuned):
            untuned = number(line.untuned)
            name = Said("{name}; untuned {value} (▲, above the scale)", name=name, value=untuned)
        shown.append(_sample(f'stroke="{colour}" stroke-width="2"{dashes}', name))
    chosen = [(line, colour) for line, colour in zip(lines, _colours(lines)) if line.marked >= 0]
    for line, colour in chosen:
        words = Said(
            "chosen checkpoint of {name}: step {step:,.0f}", name=line.name, step=line.marked
        )
        shown.append(_ring(_LEFT + 12, 12, colour) + _text(_LEFT + 32, 16, words))
    for level in near:
        shown.append(_sample(f'stroke="#555"{_DOTTED}', f"{level.name}: {number(level.value)}"))
    for level in far:
        words = Said("{name}: {value}, off the scale", name=level.name, value=number(level.value))
        shown.append(_text(_LEFT + 32, 16, words))
    return shown


def _sample(look: str, words: Words) -> str:
    return f'<path d="M{_LEFT} 12h24" fill="none" {look}/>' + _text(_LEFT + 32, 16, words)
