"""The chart of a run on the screen: what it shows, when it is drawn, what its keys do."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import events
from textual.timer import Timer

from engine.run.events import Event
from engine.run.folder import Run
from tui.chart.charset import Charset, following
from tui.chart.curve import DRAWN, Curve
from tui.screens.train import legend, plot
from tui.screens.train.chart_view import ChartView
from tui.screens.train.overlays import Overlay
from tui.screens.train.plot import Drawing
from tui.screens.train.scene import Scene
from tui.widgets.cell_canvas import CellCanvas, Row

REDRAW_SECONDS = 1.0
SMALLEST = (20, 4)
_CROSS_ROWS = 3
"""The crosshair is dotted: each row it stands in is sent when it moves."""
_LEAP = 10
"""Columns that the crosshair goes at a leap."""


@dataclass(frozen=True)
class Plain:
    """A plot as it was drawn last."""

    drawing: Drawing
    lines: int
    """Of the legend above it."""
    is_logarithmic: bool


class LossChart(CellCanvas):
    """Takes events in at any pace; redraws at most once a second, and only what differs."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"loss-chart--{part}" for part in plot.PARTS}
    DEFAULT_CSS = """
    LossChart {
        height: 1fr;
        min-height: 3;
        .loss-chart--axis { color: $foreground; text-style: dim; }
        .loss-chart--raw { color: $primary; text-style: dim; }
        .loss-chart--loss { color: $text-primary; }
        .loss-chart--perplexity { color: $warning; }
        .loss-chart--validation { color: $foreground; }
        .loss-chart--best { color: $success; text-style: bold; }
        .loss-chart--cross { color: $foreground; text-style: bold; }
        .loss-chart--overlay-0 { color: $success; }
        .loss-chart--overlay-1 { color: $error; }
        .loss-chart--overlay-2 { color: $text-accent; }
        .loss-chart--overlay-3 { color: $foreground; }
    }
    """ + "".join(
        f"LossChart .loss-chart--{name} {{ color: $warning; text-style: dim; }}\n"
        for name in plot.LEVELS
    )

    PARTS_PREFIX = "loss-chart--"

    def __init__(self, charset: Charset = "braille", *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.curve = Curve()
        self.view = ChartView()
        self.overlays: Sequence[Overlay] = ()
        self.references: Mapping[str, float] = {}
        self.charset = charset
        self.chosen_by_test = False
        """Does the test file tell which checkpoint is best?"""
        self._plain: Plain | None = None
        """The plot without the crosshair, which moves far more often."""
        self._drawn_at = 0.0
        self._timer: Timer | None = None

    # What it shows

    @property
    def scene(self) -> Scene:
        """All that can be seen."""
        return Scene(
            self.curve, self.view, self.overlays, self.references, self.charset, self.chosen_by_test
        )

    def clear(self, *, chosen_by_test: bool = False) -> None:
        """Begin with another run: the same chart of it, all of its steps."""
        self.chosen_by_test = chosen_by_test
        self.curve = Curve(smoothing=self.view.smoothing)
        self.view = self.view.whole()
        self.references = {}
        self.redraw()
        self._drawn_at = time.monotonic()  # a replay of a second or less is drawn once, at its end

    def extend(self, new: Iterable[Event]) -> set[type[Event]]:
        """Take events in, and redraw now or within a second; tells of what kinds they were."""
        kinds = self.curve.extend(new)
        if kinds & DRAWN:
            self.schedule()
        return kinds

    def end(self, has_ended: bool) -> None:
        """Draw as far as the run went, for no more is to come; or all that is planned again."""
        if has_ended is not self.curve.history.has_ended:
            self.curve.history.has_ended = has_ended
            self.schedule()

    def refer_to(self, references: Mapping[str, float]) -> None:
        """Draw these test perplexities as lines."""
        if references != self.references:
            self.references = references
            self.redraw()

    def lay_over(self, overlays: Sequence[Overlay]) -> None:
        """Draw these runs too."""
        self.overlays = overlays
        self.redraw()

    def extend_overlay(
        self, run: Run, new: Iterable[Event], caught_up: bool = True, has_ended: bool = False
    ) -> None:
        """Take events of another run in, if it is laid over this one."""
        for overlay in self.overlays:
            if overlay.run is not run:
                continue
            is_read_first = caught_up and not overlay.was_read
            overlay.was_read |= caught_up
            if overlay.curve.extend(new) & DRAWN or is_read_first:
                self.schedule()
            if caught_up:
                overlay.curve.history.has_ended = has_ended

    # What keys do

    def show(self, view: ChartView) -> None:
        """Show something else, or the same otherwise."""
        if view == self.view:
            return
        is_move = view == replace(self.view, cross=view.cross)
        self.view = view
        self.curve.smooth_by(view.smoothing)
        if is_move and self._plain is not None:
            self.send(self._composed(self._plain))
        else:
            self.redraw()

    def draw_with(self, charset: Charset) -> None:
        """Draw with other characters."""
        self.charset = charset
        self.redraw()

    def next_charset(self) -> None:
        """Braille, blocks, ASCII."""
        self.draw_with(following(self.charset))

    def zoom(self, factor: float) -> None:
        """Show `factor` times as many steps, around the crosshair or the middle."""
        last = self.scene.last_step
        first, end = self.view.shown(last)
        newest = self.curve.steps[-1] if self.curve.steps else end
        middle = (first + min(end, max(newest, first + 1))) / 2
        around = middle if self.view.cross is None else self.view.cross
        self.show(self.view.zoomed(factor, last, around))

    def move_cross(self, columns: int) -> None:
        """Move the crosshair, which first appears at the newest step that shows."""
        if not self.curve.steps or self._plain is None:
            return
        last = self.scene.last_step
        if self.view.cross is None:
            step = min(self.curve.steps[-1], self.view.shown(last)[1])
        else:
            stride = max(1.0, self._plain.drawing.steps_per_column)
            step = self.view.cross + columns * stride
        step = self.curve.nearest_step(min(step, self.curve.steps[-1]))
        self.show(self.view.crossed(step, last))

    def leap_cross(self, direction: int) -> None:
        """Move the crosshair by many columns."""
        self.move_cross(direction * _LEAP)

    # Drawing

    def schedule(self) -> None:
        """Redraw now or within a second."""
        if self._timer is not None:
            return
        wait = self._drawn_at + REDRAW_SECONDS - time.monotonic()
        if wait <= 0:
            self.redraw()
        else:
            self._timer = self.set_timer(wait, self.redraw)

    def flush(self) -> None:
        """Draw now what waits to be drawn."""
        if self._timer is not None:
            self.redraw()

    def redraw(self) -> None:
        """Draw, and repaint the cells that changed."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._drawn_at = time.monotonic()
        self._plain = self._draw()
        self.send(self._composed(self._plain) if self._plain else [])

    def _draw(self) -> Plain | None:
        width, height = self.size
        if width < SMALLEST[0] or height < SMALLEST[1]:
            return None
        if not self.curve:
            return None
        scene = replace(self.scene, view=replace(self.view, cross=None))
        lines = len(legend.rows(scene, width, height, is_logarithmic=False))
        picture = scene.compose(width, height - lines)
        drawing = plot.draw(picture, width, height - lines)
        return Plain(drawing, lines, picture.left.logarithmic)

    def _composed(self, plain: Plain) -> list[Row]:
        """The plot under its legend, with the crosshair if there is one."""
        size, drawing, cross = self.size, plain.drawing, self.view.cross
        head = legend.rows(self.scene, *size, is_logarithmic=plain.is_logarithmic)[: plain.lines]
        head += [[]] * (plain.lines - len(head))
        column = drawing.column_of(cross) if cross is not None else -1
        if not drawing.left <= column < drawing.right:
            return head + drawing.rows
        mark = "|" if self.charset == "ascii" else "│"
        return (
            head
            + [
                _crossed(row, column, mark) if y % _CROSS_ROWS == 0 else row
                for y, row in enumerate(drawing.rows[:-2])
            ]
            + drawing.rows[-2:]
        )

    def on_resize(self, _: events.Resize) -> None:
        """Draw for the new size; Textual has painted the old rows in it already."""
        self.redraw()


def _crossed(row: Row, column: int, mark: str) -> Row:
    """A row with the crosshair in a column; what is drawn there already stays."""
    if column < len(row) and row[column][0] == " ":
        return [*row[:column], (mark, "cross"), *row[column + 1 :]]
    return row
