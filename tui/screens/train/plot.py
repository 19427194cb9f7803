"""Draws a learning curve as rows of characters; the only place that knows plotext."""

from __future__ import annotations

import re
from typing import Any, Literal, get_args

from tui.curve import Curve, Scale, loss_scale, perplexity_scale

Part = Literal["axis", "raw", "loss", "perplexity"]
Row = list[tuple[str, Part]]

_MARK = "o"
NARROW = 44
"""Below this many columns the right scale gives its room to the curve."""
_CODES: dict[Part, tuple[int, int, int]] = {
    # Stand-ins that are told apart in plotext's output; the widget has the theme's colours.
    part: (number, 0, 0)
    for number, part in enumerate(get_args(Part)[1:], 1)
}
_PARTS: dict[str, Part] = {f"38;2;{red};0;0": part for part, (red, _, _) in _CODES.items()}
_ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")


def load_library() -> None:
    """Import plotext, which the first chart would otherwise wait for."""
    import plotext  # noqa: F401


def draw(curve: Curve, width: int, height: int) -> list[str]:
    """The chart's rows, colours as escape sequences; `split` takes a row apart."""
    import plotext as plt  # with the first chart, not with the program

    plt.clear_figure()
    plt.limitsize(False, False)
    plt.plotsize(width, height)
    plt.theme("clear")
    plt.canvas_color("default")
    plt.axes_color("default")
    _set_x_axis(plt, curve, width)
    wide = width >= NARROW
    plt.xaxes(True, False)
    plt.yaxes(True, wide)
    steps = min(4, max(1, height // 3))
    _draw_loss(plt, curve, width, steps)
    _draw_perplexity(plt, curve, steps, labelled=wide)
    rows: list[str] = plt.build().split("\n")
    plt.clear_figure()
    return rows[:height]


def _set_x_axis(plt: Any, curve: Curve, width: int) -> None:
    last = int(curve.last_step)
    parts = 4 if width >= NARROW else 2
    ticks = sorted({last * part // parts for part in range(parts + 1)})
    if last <= 2 * parts:  # so few steps that parts of them would be of unequal width
        ticks = list(range(0, last + 1, 1 if last <= parts else 2))
    plt.xlim(0, last)
    plt.xticks(ticks, [str(tick) for tick in ticks])


def _draw_loss(plt: Any, curve: Curve, width: int, steps: int) -> None:
    raw, smooth = curve.raw_points(width), curve.smooth_points(width)
    scale = loss_scale(raw[1], smooth[1], steps)
    _set_y_axis(plt, scale, "left", labelled=True)
    _line(plt, scale, raw, "raw", "left")
    _line(plt, scale, smooth, "loss", "left")


def _draw_perplexity(plt: Any, curve: Curve, steps: int, *, labelled: bool) -> None:
    xs, ys = curve.perplexity_points()
    if not xs:
        return
    scale = perplexity_scale(ys, steps)
    _set_y_axis(plt, scale, "right", labelled=labelled)
    _line(plt, scale, (xs, ys), "perplexity", "right")
    color = _CODES["perplexity"]
    placed = [scale.place(value) for value in ys]
    plt.scatter(xs, placed, marker=_MARK, color=color, yside="right")


def _line(
    plt: Any, scale: Scale, points: tuple[list[float], list[float]], part: Part, side: str
) -> None:
    xs, ys = points
    if len(xs) > 0:
        placed = [scale.place(value) for value in ys]
        plt.plot(xs, placed, marker="braille", color=_CODES[part], yside=side)


def _set_y_axis(plt: Any, scale: Scale, side: str, *, labelled: bool) -> None:
    ticks = [scale.place(tick) for tick in scale.ticks]
    labels = scale.labels if labelled else [""] * len(ticks)
    plt.ylim(scale.place(scale.low), scale.place(scale.high), yside=side)
    plt.yticks(ticks, labels, yside=side)


def split(row: str) -> Row:
    """A row as texts, each with what it is a part of."""
    parts: Row = []
    part: Part = "axis"
    for index, piece in enumerate(_ESCAPE.split(row)):
        if index % 2:
            part = _PARTS.get(piece, "axis")
        elif piece:
            parts.append((piece, part))
    return parts


def paint(text: str, part: Part) -> str:
    """A text coloured as a part of the chart."""
    return f"\x1b[38;2;{_CODES[part][0]};0;0m{text}\x1b[0m"
