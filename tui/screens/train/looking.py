"""What the keys do with which a watched run is looked at: chart, other runs, samples, machine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from textual import getters
from textual.screen import Screen
from textual.worker import get_current_worker

from engine.language.figures import number
from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.run.folder import Run
from engine.run.words import status_word
from engine.table.catalog import Row
from tui.run.follow import follow
from tui.run.listing import Listing, perplexity_of
from tui.run.references import find_references
from tui.screens.train.legend import TITLES
from tui.screens.train.overlay_picker import OverlayPicker
from tui.screens.train.overlays import lay_over
from tui.screens.train.run_view import RunView
from tui.widgets.work import work

if TYPE_CHECKING:
    from tui.app import YiwenApp


class Looking(Screen[None]):
    """The half of the Train screen that changes nothing but what is seen."""

    view = getters.query_one(RunView)

    def __init__(self) -> None:
        super().__init__()
        self.watched: Run | None = None
        """The run that is shown; None while one is set up."""
        self._listing: Listing | None = None
        self._referred: Run | None = None
        """The run whose reference lines were looked for."""

    @property
    def yiwen(self) -> YiwenApp:
        return cast("YiwenApp", self.app)

    # The chart

    def action_chart_metric(self) -> None:
        """The next chart."""
        self.view.chart.show(self.view.chart.view.with_next_metric())

    def action_chart_smoothing(self) -> None:
        """Smooth more, then not at all."""
        self.view.chart.show(self.view.chart.view.with_next_smoothing())

    def action_chart_log(self) -> None:
        """Logarithmic and back, if all values allow it."""
        chart = self.view.chart
        if not chart.view.logarithmic and not chart.scene.may_be_logarithmic:
            title = _(TITLES[chart.view.metric])
            said = _("A log scale needs positive values, and not all of {title} are.")
            self.notify(said.format(title=title))
            return
        chart.show(replace(chart.view, logarithmic=not chart.view.logarithmic))

    def action_chart_zoom(self, factor: float) -> None:
        """Fewer or more steps."""
        self.view.chart.zoom(factor)

    def action_chart_whole(self) -> None:
        """The whole run."""
        self.view.chart.show(self.view.chart.view.whole())

    def action_chart_cross(self, columns: int) -> None:
        """Move the crosshair."""
        self.view.chart.move_cross(columns)

    def action_chart_leap(self, direction: int) -> None:
        """Move the crosshair far."""
        self.view.chart.leap_cross(direction)

    def action_chart_uncross(self) -> None:
        """Take the crosshair away."""
        self.view.chart.show(replace(self.view.chart.view, cross=None))

    def action_chart_charset(self) -> None:
        """Draw with other characters."""
        self.view.chart.next_charset()

    # Other runs

    @work(exclusive=True, group="overlays")
    async def action_chart_overlays(self) -> None:
        """Choose the runs to lay over the chart."""
        rows = await asyncio.to_thread(self._rows)
        watched = self.watched.id if self.watched is not None else ""
        trained = {row.run.id: row for row in rows if _has_curve(row) and row.run.id != watched}
        if not trained:
            self.notify(_("There is no other run with a curve yet."))
            return
        present = [overlay.run.id for overlay in self.view.chart.overlays]
        options = [(name, _described(row)) for name, row in trained.items()]
        chosen = await self.app.push_screen_wait(OverlayPicker(options, present))
        if chosen is not None:
            self.lay_over([trained[name].run for name in chosen if name in trained])

    def lay_over(self, runs: Sequence[Run]) -> None:
        """Draw these runs too; each has a thread that follows it."""
        before = {overlay.run.id for overlay in self.view.chart.overlays}
        overlays = lay_over(runs, self.view.chart.overlays)
        for name in before - {overlay.run.id for overlay in overlays}:
            self.workers.cancel_group(self, f"overlay {name}")
        self.view.chart.lay_over(overlays)
        for overlay in overlays:
            if overlay.run.id not in before:
                self._follow_overlay(overlay.run)

    def _follow_overlay(self, run: Run) -> None:
        def work() -> None:
            worker = get_current_worker()
            follow(run, self.post_message, lambda: worker.is_cancelled)

        self.run_worker(work, thread=True, exclusive=True, group=f"overlay {run.id}")

    def _rows(self) -> list[Row]:
        if self._listing is None:
            self._listing = Listing(self.yiwen.runs_root)
        return self._listing.rows()

    def _refer_once(self, run: Run) -> None:
        """Look for what the profile scores without training, once the run itself has been read."""
        if self._referred is not run:
            self._referred = run
            if run.settings.job == "train":
                self._find_references(run)

    @work(exclusive=True, group="references")
    async def _find_references(self, run: Run) -> None:
        rows = await asyncio.to_thread(self._rows)
        if run is self.watched:
            self.view.refer_to(find_references(rows, run.settings))

    # Beside the chart

    def action_notes(self) -> None:
        """Samples in the chart's place, where there is no room for both."""
        self.view.toggle_face("notes")

    def action_machine(self) -> None:
        """The machine in the chart's place, where there is no room for both."""
        self.view.toggle_face("machine")

    def action_sample(self, by: int) -> None:
        """Samples of another evaluation."""
        self.view.step_samples(by)

    def action_sample_item(self) -> None:
        """One sample through the run."""
        self.view.next_sample_item()


def _has_curve(row: Row) -> bool:
    return row.settings.job == "train" and row.summary.step > 0


def _described(row: Row) -> str:
    summary = row.summary
    text = f"{one_line(row.run.id)}   {summary.status.symbol} {status_word(summary.status)}"
    perplexity = perplexity_of(row)
    if perplexity != perplexity:
        return text
    return text + "   " + _("test ppl {value}").format(value=number(perplexity))
