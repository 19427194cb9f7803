"""Draws series as rows of cells; the only place that knows plotext."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.prompts import strategies
from tui.chart.charset import Charset
from tui.chart.curve import Points, Window
from tui.chart.scale import Scale, linear_scale
from tui.widgets.cell_canvas import Row

LEVELS = tuple(strategy.name for strategy in strategies.untrained())
"""Test perplexities without training, a line each."""
PARTS = (
    "axis", "raw", "loss", "perplexity", "validation", "best", *LEVELS, "cross",
    "overlay-0", "overlay-1", "overlay-2", "overlay-3",
)  # fmt: skip
"""What a cell can be a part of; the widget has a style for each."""

NARROW = 44
"""Below this many columns the right scale gives its room to the curve."""
_LINES: dict[Charset, str] = {"braille": "braille", "block": "hd", "ascii": "."}
_CODES = {part: (number, 0, 0) for number, part in enumerate(PARTS[1:], 1)}
"""Stand-ins that are told apart in plotext's output; the widget has the theme's colours."""
_PARTS = {f"38;2;{red};0;0": part for part, (red, _, _) in _CODES.items()}
_ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")
_PLAIN_AXES = str.maketrans("─│└┘┌┐├┤┬┴┼", "-|+++++++++")


@dataclass(frozen=True)
class Series:
    """Points that belong together."""

    points: Points
    part: str
    on_right: bool = False
    joined: bool = True
    mark: str = ""
    """The character at each point; empty for the finest dots there are."""


@dataclass(frozen=True)
class Picture:
    """All that is drawn, later series over earlier ones."""

    series: Sequence[Series]
    window: Window
    left: Scale
    right: Scale | None = None
    charset: Charset = "braille"


@dataclass(frozen=True)
class Drawing:
    """A picture in cells, and where in it the plot proper lies."""

    rows: list[Row]
    window: Window
    left: int = 0
    right: int = 0
    """The first column of the plot, and the one after its last."""

    def column_of(self, step: float) -> int:
        """The column in which a step is drawn."""
        first, last = self.window
        share = (step - first) / max(1e-9, last - first)
        return self.left + math.floor(0.5 + (self.right - self.left - 1) * share)

    @property
    def steps_per_column(self) -> float:
        """How far one column goes."""
        return (self.window[1] - self.window[0]) / max(1, self.right - self.left - 1)


def load_library() -> None:
    """Import plotext, which the first chart would otherwise wait for."""
    import plotext  # noqa: F401


def draw(picture: Picture, width: int, height: int) -> Drawing:
    """The picture in cells."""
    import plotext as plt  # with the first chart, not with the program

    wide = width >= NARROW
    plt.clear_figure()
    plt.limitsize(False, False)
    plt.plotsize(width, height)
    plt.theme("clear")
    plt.canvas_color("default")
    plt.axes_color("default")
    plt.xaxes(True, False)
    plt.yaxes(True, wide and picture.right is not None)
    _set_x_axis(plt, picture.window, width)
    _set_y_axis(plt, picture.left, "left", labelled=True)
    if picture.right is not None:
        _set_y_axis(plt, picture.right, "right", labelled=wide)
    for series in picture.series:
        scale = picture.right if series.on_right else picture.left
        if scale is not None and series.points[0]:
            _draw(plt, series, scale, picture.charset)
    lines = plt.build().split("\n")[:height]
    plt.clear_figure()
    rows = [_cells(line, picture.charset) for line in lines]
    return _measured(rows, picture.window, closed=wide and picture.right is not None)


def _draw(plt: Any, series: Series, scale: Scale, charset: Charset) -> None:
    xs, ys = series.points
    function = plt.plot if series.joined else plt.scatter
    function(
        xs,
        [scale.place(value) for value in ys],
        marker=series.mark or _LINES[charset],
        color=_CODES[series.part],
        yside="right" if series.on_right else "left",
    )


def _set_x_axis(plt: Any, window: Window, width: int) -> None:
    ticks = _step_ticks(*window, parts=4 if width >= NARROW else 2)
    plt.xlim(*window)
    plt.xticks(ticks, [str(tick) for tick in ticks])


def _step_ticks(first: float, last: float, parts: int) -> list[int]:
    """Whole steps: quarters of a whole run, round numbers within one."""
    if first > 0 or last != int(last):
        found = linear_scale(first, last, parts).ticks
        return sorted({round(tick) for tick in found if first <= round(tick) <= last})
    end = int(last)
    if end <= 12 * parts:  # so few steps that one would see the parts to be uneven
        whole = [end // n for n in (parts, parts - 1, parts + 1) if n > 1 and end % n == 0]
        return list(range(0, end + 1, whole[0] if whole else math.ceil(end / parts)))
    return sorted({end * part // parts for part in range(parts + 1)})


def _set_y_axis(plt: Any, scale: Scale, side: str, *, labelled: bool) -> None:
    ticks = [scale.place(tick) for tick in scale.ticks]
    labels = scale.labels if labelled else [""] * len(ticks)
    plt.ylim(scale.place(scale.low), scale.place(scale.high), yside=side)
    plt.yticks(ticks, labels, yside=side)


def _cells(line: str, charset: Charset) -> Row:
    """A line of plotext's output taken apart."""
    cells: Row = []
    part = "axis"
    for index, piece in enumerate(_ESCAPE.split(line)):
        if index % 2:
            part = _PARTS.get(piece, "axis")
        elif piece:
            text = piece.translate(_PLAIN_AXES) if charset == "ascii" else piece
            cells.extend((char, part) for char in text)
    return cells


def _measured(rows: list[Row], window: Window, *, closed: bool) -> Drawing:
    """Find the plot proper by the x axis, the last row but one; `closed`: it ends at another."""
    if len(rows) < 2:
        return Drawing(rows, window)
    axis = "".join(char for char, _ in rows[-2]).rstrip()
    left = len(axis) - len(axis.lstrip()) + 1
    return Drawing(rows, window, left, len(axis) - closed)
