"""Other runs on the chart of the watched one: laid over it, or as lines of what they scored."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from textual.worker import get_current_worker

from engine.language.figures import number
from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.run.folder import Run
from engine.run.words import status_word
from engine.table.catalog import Row
from tui.run.follow import follow
from tui.run.listing import Listing, perplexity_of
from tui.run.messages import RunEvents
from tui.run.references import find_references
from tui.screens.train.overlay_picker import OverlayPicker
from tui.screens.train.overlays import lay_over
from tui.screens.train.run_view import RunView
from tui.widgets.parts import Part, ScreenOfParts, in_worker


class OtherRuns(Part):
    """Finds them in the runs folder, and follows those that are laid over the chart."""

    def __init__(self, screen: ScreenOfParts, view: RunView) -> None:
        super().__init__(screen)
        self._view = view
        self._listing = Listing(self.yiwen.runs_root)
        self._referred: Run | None = None
        """The run whose reference lines were looked for."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There must be a curve to lay others over."""
        return self._view.trains

    @in_worker("overlays")
    async def action_chart_overlays(self) -> None:
        """Choose the runs to lay over the chart."""
        rows = await asyncio.to_thread(self._listing.rows)
        watched = self._view.run.id if self._view.run is not None else ""
        trained = {row.run.id: row for row in rows if _has_curve(row) and row.run.id != watched}
        if not trained:
            self.screen.notify(_("There is no other run with a curve yet."))
            return
        present = [overlay.run.id for overlay in self._view.chart.overlays]
        options = [(name, _described(row)) for name, row in trained.items()]
        chosen = await self.yiwen.push_screen_wait(OverlayPicker(options, present))
        if chosen is not None:
            self.lay_over([trained[name].run for name in chosen if name in trained])

    def lay_over(self, runs: Sequence[Run]) -> None:
        """Draw these runs too; each has a thread that follows it."""
        chart = self._view.chart
        before = {overlay.run.id for overlay in chart.overlays}
        overlays = lay_over(runs, chart.overlays)
        for name in before - {overlay.run.id for overlay in overlays}:
            self.screen.workers.cancel_group(self.screen, f"overlay {name}")
        chart.lay_over(overlays)
        for overlay in overlays:
            if overlay.run.id not in before:
                self._follow(overlay.run)

    def take_off(self, run: Run) -> None:
        """Do not lay this run over the chart, for it is the chart's own."""
        overlays = self._view.chart.overlays
        self.lay_over([one.run for one in overlays if one.run.id != run.id])

    def _follow(self, run: Run) -> None:
        def work() -> None:
            worker = get_current_worker()
            follow(run, self.screen.post_message, lambda: worker.is_cancelled)

        self.screen.run_worker(work, thread=True, exclusive=True, group=f"overlay {run.id}")

    def take(self, told: RunEvents) -> None:
        """Draw what is new of a run, should it still be laid over the chart."""
        has_ended = not told.summary.status.active
        self._view.chart.extend_overlay(told.run, told.events, told.caught_up, has_ended=has_ended)

    def refer_once(self, run: Run) -> None:
        """Look for what the profile scores without training, once the run itself has been read."""
        if self._referred is not run:
            self._referred = run
            if run.settings.job == "train":
                self._find_references(run)

    @in_worker("references")
    async def _find_references(self, run: Run) -> None:
        rows = await asyncio.to_thread(self._listing.rows)
        if run is self._view.run:
            self._view.refer_to(find_references(rows, run.settings))


def _has_curve(row: Row) -> bool:
    return row.settings.job == "train" and row.summary.step > 0


def _described(row: Row) -> str:
    summary = row.summary
    text = f"{one_line(row.run.id)}   {summary.status.symbol} {status_word(summary.status)}"
    perplexity = perplexity_of(row)
    if perplexity != perplexity:
        return text
    return text + "   " + _("test ppl {value}").format(value=number(perplexity))
