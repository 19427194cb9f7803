"""The chart of a run on the screen: what it shows, when it is drawn, what its keys do."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from textual.timer import Timer

from engine.language.texts import _
from engine.run.events import Event
from engine.run.folder import Run
from engine.run.settings import RunSettings
from tui.chart.charset import Charset, following
from tui.chart.curve import DRAWN, Curve
from tui.screens.train import legend, plot
from tui.screens.train.chart_view import ChartView
from tui.screens.train.drawn import Drawn, draw
from tui.screens.train.overlays import Overlay
from tui.screens.train.scene import Scene
from tui.widgets.cell_canvas import CellCanvas

REDRAW_SECONDS = 1.0
_LEAP = 10
"""Columns that the crosshair goes at a leap."""


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
        self.trains = False
        """Is the run one that trains? Without one there is no curve to look at."""
        self.chosen_by_test = False
        """Does the test file tell which checkpoint is best?"""
        self._drawn: Drawn | None = None
        self._drawn_at = 0.0
        self._timer: Timer | None = None

    # What it shows

    @property
    def scene(self) -> Scene:
        """All that can be seen."""
        return Scene(
            self.curve, self.view, self.overlays, self.references, self.charset, self.chosen_by_test
        )

    def clear(self, settings: RunSettings | None = None) -> None:
        """Begin with another run, or with none: the same chart of it, all of its steps."""
        self.trains = settings is not None and settings.job == "train"
        by = settings.profile.evaluation.choose_by if settings is not None else ""
        self.chosen_by_test = by == "test"
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

    def show(self, view: ChartView) -> None:
        """Show something else, or the same otherwise."""
        if view == self.view:
            return
        is_move = view == replace(self.view, cross=view.cross)
        self.view = view
        self.curve.smooth_by(view.smoothing)
        if is_move and self._drawn is not None:
            self._send()
        else:
            self.redraw()

    # What keys do

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There must be a run that trains; the crosshair is taken away where there is one."""
        return self.trains and (action != "chart_uncross" or self.view.cross is not None)

    def action_chart_metric(self) -> None:
        """The next chart."""
        self.show(self.view.with_next_metric())

    def action_chart_smoothing(self) -> None:
        """Smooth more, then not at all."""
        self.show(self.view.with_next_smoothing())

    def action_chart_log(self) -> None:
        """Logarithmic and back, if all values allow it."""
        if not self.view.logarithmic and not self.scene.may_be_logarithmic:
            said = _("A log scale needs positive values, and not all of {title} are.")
            self.notify(said.format(title=_(legend.TITLES[self.view.metric])))
            return
        self.show(replace(self.view, logarithmic=not self.view.logarithmic))

    def action_chart_charset(self) -> None:
        """Draw with braille, blocks, ASCII."""
        self.charset = following(self.charset)
        self.redraw()

    def action_chart_zoom(self, factor: float) -> None:
        """Show `factor` times as many steps, around the crosshair or the middle."""
        last = self.scene.last_step
        first, end = self.view.shown(last)
        newest = self.curve.steps[-1] if self.curve.steps else end
        middle = (first + min(end, max(newest, first + 1))) / 2
        around = middle if self.view.cross is None else self.view.cross
        self.show(self.view.zoomed(factor, last, around))

    def action_chart_whole(self) -> None:
        """The whole run, and no crosshair."""
        self.show(self.view.whole())

    def action_chart_cross(self, columns: int) -> None:
        """Move the crosshair, which first appears at the newest step that shows."""
        if not self.curve.steps or self._drawn is None:
            return
        last = self.scene.last_step
        if self.view.cross is None:
            step = min(self.curve.steps[-1], self.view.shown(last)[1])
        else:
            stride = max(1.0, self._drawn.drawing.steps_per_column)
            step = self.view.cross + columns * stride
        step = self.curve.nearest_step(min(step, self.curve.steps[-1]))
        self.show(self.view.crossed(step, last))

    def action_chart_leap(self, direction: int) -> None:
        """Move the crosshair far."""
        self.action_chart_cross(direction * _LEAP)

    def action_chart_uncross(self) -> None:
        """Take the crosshair away."""
        self.show(replace(self.view, cross=None))

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
        self._drawn = draw(self.scene, *self.size)
        self._send()

    def _send(self) -> None:
        self.send(self._drawn.rows(self.scene, *self.size) if self._drawn else [])

    def on_resize(self) -> None:
        """Draw for the new size; Textual has painted the old rows in it already."""
        self.redraw()
