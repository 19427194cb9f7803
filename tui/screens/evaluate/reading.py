"""What can be done with a result: read it or one sample, set it against another, write it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.language.figures import number
from engine.language.plain_text import one_line
from engine.language.texts import _, plural
from engine.machine import files
from engine.run.folder import Run
from engine.scores import items
from engine.table.catalog import Row
from engine.table.row_facts import perplexity_of, strategy_of
from tui.run import results
from tui.run.listing import Listing
from tui.screens.evaluate.evaluation_view import EvaluationView
from tui.screens.evaluate.judgement_dialog import JudgementDialog
from tui.screens.evaluate.sample_view import SampleDialog
from tui.widgets.parts import Part, ScreenOfParts, in_worker
from tui.widgets.picker import Picker
from tui.widgets.save_dialog import ask_path

_MOST = 200
_NONE = "none"


class Reading(Part):
    """Acts on the result that the view shows."""

    def __init__(
        self,
        screen: ScreenOfParts,
        view: EvaluationView,
        listing: Listing,
        shown: Callable[[], Run | None],
    ) -> None:
        super().__init__(screen)
        self.view = view
        self._listing = listing
        self._shown = shown

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only where there is a result; a sample, where one is found."""
        if not self.view.has_result or action in ("details", "versus"):
            return self.view.has_result
        return self.view.table.selected is not None

    def action_sample(self) -> None:
        """Read the highlighted sample over the whole screen."""
        if item := self.view.table.selected:
            self.yiwen.push_screen(SampleDialog(item, self.view.run_id, self.view.other))

    def action_details(self) -> None:
        """Read all that is known of the result."""
        if result := self.view.panel.result:
            self.yiwen.push_screen(JudgementDialog(result))

    @in_worker("versus")
    async def action_versus(self) -> None:
        """Choose a run whose answers are put beside these."""
        run = self._shown()
        if run is None:
            return
        rows = await asyncio.to_thread(self._listing.rows)
        options = [(_NONE, _("(none)")), *_rivals(rows, run)]
        title = _("Set against") if len(options) > 1 else _("No other run has scored this file")
        chosen = await self.yiwen.push_screen_wait(Picker(title, options, self.view.other or _NONE))
        if chosen == _NONE:
            self.view.set_against("", ())
        elif chosen:
            other = next(row.run for row in rows if row.run.id == chosen)
            result = await asyncio.to_thread(results.read, other)
            if run is self._shown():
                self.view.set_against(chosen, result.samples if result else ())

    @in_worker("write")
    async def action_write(self) -> None:
        """Write the marked items, else all that are shown."""
        view = self.view
        chosen = view.table.marked_items or list(view.table.shown)
        hint = plural(
            "{count:,} item. The suffix decides: .json or .md.",
            "{count:,} items. The suffix decides: .json or .md.",
            len(chosen),
        ).format(count=len(chosen))

        async def write(path: str) -> Path:
            words = items.content(chosen, view.run_id, view.other, Path(path).suffix.lower())
            return await asyncio.to_thread(files.save, path, words, replace=True)

        target = await ask_path(self.yiwen, _("Write items"), "items.md", hint, write)
        if target is None:
            return
        said = plural("{count:,} item in {file}", "{count:,} items in {file}", len(chosen)).format(
            count=len(chosen), file=one_line(str(target))
        )
        self.yiwen.notify(said, markup=False, timeout=5)


def _rivals(rows: Sequence[Row], run: Run) -> list[tuple[str, str]]:
    """Runs that have scored the same file."""
    file = run.settings.data.get("test")
    return [
        (row.run.id, f"{number(perplexity_of(row)):>8}  {strategy_of(row):<24} {one_line(name)}")
        for row in rows
        if row.run.id != run.id
        and row.summary.results_file
        and file
        and (test := row.settings.data.get("test"))
        and test.sha256 == file.sha256
        and (name := row.notes.name or row.run.id)
    ][:_MOST]
