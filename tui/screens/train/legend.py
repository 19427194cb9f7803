"""The lines above a chart: what its marks mean, or what the values under the crosshair are."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from engine.language.figures import number, rate, size, thousands
from engine.language.plain_text import one_line
from engine.language.plain_text import width as columns_of
from engine.language.texts import _, marked, pgettext
from engine.prompts import strategies
from tui.screens.train import perplexities
from tui.screens.train.plot import NARROW
from tui.screens.train.scene import (
    APART_MARKS,
    BELOW_MARKS,
    BEST_MARKS,
    TEST_MARK,
    VALIDATION_MARK,
    Scene,
)
from tui.widgets.cell_canvas import Row, cells

TITLES = {
    "loss": marked("loss"),
    "lr": marked("learning rate"),
    "grad_norm": marked("gradient norm"),
    "tokens_per_second": marked("tokens per second"),
    "memory": marked("peak memory"),
}
_SMOOTHINGS = {
    0.0: marked("not smoothed"),
    0.005: marked("lightly smoothed"),
    0.08: marked("strongly smoothed"),
}
"""The usual smoothing goes without saying."""
_GAP = 3
_ROOMY = 66
"""From so many columns on, long names of marks have room."""
_LONGEST_NAME = 24
_YEAR = re.compile(r"^20\d\d(?=\d{4}-)")

Entry = tuple[str, str]
"""A text, and the part of the chart whose colour it has."""


def rows(scene: Scene, width: int, height: int, *, is_logarithmic: bool) -> list[Row]:
    """One line, and more where there is more to name and room for it."""
    left = list(_left(scene, is_logarithmic))
    right = list(_right(scene, width, height))
    found = [_row(left, right, width)]
    return found + _wrapped(list(_others(scene, height)), width, most=max(0, height // 8))


def _left(scene: Scene, is_logarithmic: bool) -> Iterator[Entry]:
    view, curve = scene.view, scene.curve
    title = _(TITLES[view.metric])
    if view.cross is None:
        yield f" {title}", "loss"
    else:
        value = value_of(view.metric, curve.value_at(view.metric, view.cross))
        yield " " + _("step {step:,.0f}").format(step=view.cross), "cross"
        yield f"{title} {value}", "loss"
        if view.metric == "loss" and view.smoothing:
            even = value_of("loss", curve.smoothed_at("loss", view.cross))
            yield _("smoothed {value}").format(value=even), "loss"
        return
    if view.smoothing in _SMOOTHINGS and view.metric in ("loss", "grad_norm", "tokens_per_second"):
        yield _(_SMOOTHINGS[view.smoothing]), "axis"
    if is_logarithmic:
        yield _("log scale"), "axis"
    if view.window is not None:
        first, last = view.window
        yield _("steps {first:,.0f} to {last:,.0f}").format(first=first, last=last), "axis"


def _right(scene: Scene, width: int, height: int) -> Iterator[Entry]:
    curve = scene.curve
    if scene.view.metric != "loss" or not (curve.perplexity or curve.validation):
        return
    if scene.view.cross is not None:
        yield from _under_cross(scene, scene.view.cross)
        return
    scale = scene.right_scale(height)
    untuned = curve.perplexity.get(0, math.nan)
    if scale is not None and untuned > scale.high and scene.window[0] <= 0:
        said = _("untuned {value}").format(value=number(untuned))
        yield f"{APART_MARKS[scene.charset]} {said}", "perplexity"
    if curve.best is not None and width >= NARROW:
        yield BEST_MARKS[scene.charset] + " " + _("best"), "best"
    is_roomy = width >= _ROOMY
    if curve.validation:
        said = (
            pgettext("perplexity", "validation")
            if is_roomy or not curve.perplexity
            else _("val ppl")
        )
        yield f"{VALIDATION_MARK} {said}", "validation"
    if curve.perplexity:
        is_roomy = is_roomy or (width >= NARROW and not curve.validation)
        yield f"{TEST_MARK} " + (_("test perplexity") if is_roomy else _("test ppl")), "perplexity"


def _under_cross(scene: Scene, cross: float) -> Iterator[Entry]:
    scored = perplexities.last_at(scene.curve.validation, cross)
    if scored is not None:
        said = _("val ppl {value}").format(value=number(scored[1]))
        yield f"{VALIDATION_MARK} {said}", "validation"
    tested = perplexities.last_at(scene.curve.perplexity, cross)
    if tested is not None:
        said = _("test ppl {value} at {step:,}").format(value=number(tested[1]), step=tested[0])
        yield f"{TEST_MARK} {said}", "perplexity"


def _others(scene: Scene, height: int) -> Iterator[Entry]:
    """Reference lines and other runs, with their values under the crosshair."""
    scale = scene.right_scale(height)
    if scale is not None:
        for strategy, value in scene.references.items():
            known = strategies.get(strategy)
            said = f"{known.mark * 2} {known.word} {number(value)}"
            if not scale.low <= value <= scale.high:
                marks = APART_MARKS if value > scale.high else BELOW_MARKS
                said += f" {marks[scene.charset]}"
            yield said, strategy
    for overlay in scene.overlays:
        text = f"{overlay.letter} {_short(overlay.run.id)}"
        if overlay.was_read and not overlay.curve.steps:
            text = _("{run}: no curve").format(run=text)
        elif scene.view.cross is not None:
            value = overlay.curve.value_at(scene.view.metric, scene.view.cross)
            text = f"{overlay.letter} {value_of(scene.view.metric, value)}"
        yield text, f"overlay-{overlay.color}"


def _short(name: str) -> str:
    """A run's id without its year, as much as fits."""
    text = _YEAR.sub("", one_line(name))
    if columns_of(text) <= _LONGEST_NAME:
        return text
    while columns_of(text) >= _LONGEST_NAME:
        text = text[:-1]
    return text + "…"


def value_of(metric: str, value: float) -> str:
    """A metric's value in words."""
    if math.isnan(value):
        return "–"
    if metric == "lr":
        return rate(value)
    if metric == "memory":
        return size(int(value))
    if metric == "tokens_per_second":
        return thousands(value)
    return number(value, 4)


def _wrapped(entries: list[Entry], width: int, most: int) -> list[Row]:
    """Entries in as many lines as they need, `most` at most."""
    lines: list[list[Entry]] = []
    used = width
    for text, part in entries:
        if used + _GAP + columns_of(text) > width:
            lines.append([])
            used = -_GAP
        lines[-1].append((text, part))
        used += _GAP + columns_of(text)
    return [_row(line, [], width) for line in lines[:most]]


def _row(left: list[Entry], right: list[Entry], width: int) -> Row:
    """Entries from both sides; what does not fit is left out, from the right side first."""
    row: Row = []
    for text, part in left:
        gap = cells(" " * _GAP, "axis") if row else []
        if len(row) + len(gap) + columns_of(text) > width:
            break
        row += gap + cells(text, part)
    tail: Row = []
    for text, part in reversed(right):
        if len(row) + len(tail) + _GAP + columns_of(text) > width:
            break
        tail = cells(text, part) + (cells(" " * _GAP, "axis") if tail else []) + tail
    return row + cells(" " * (width - len(row) - len(tail)), "axis") + tail
