"""What can be done with the items of a result: sort, find, set against another run, mark, keep."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from textual import getters, on, work
from textual.widgets import Input

from engine.data.directions import LABELS
from engine.language.figures import number
from engine.language.plain_text import one_line
from engine.language.texts import _, plural
from engine.machine import files
from engine.run.folder import Run
from engine.scores import items
from engine.scores.items import ORDERS
from engine.table.catalog import Row
from engine.table.columns import perplexity_of, strategy_of
from tui.run import results
from tui.run.listing import Listing
from tui.run.queue import QueueActions
from tui.screens.evaluate.evaluation_view import EvaluationView
from tui.screens.evaluate.sample_table import next_order
from tui.screens.evaluate.sample_view import SampleDialog
from tui.widgets.line_table import LineTable
from tui.widgets.picker import Picker
from tui.widgets.save_dialog import ask_path

FOR_ITEMS = (
    "sample", "reverse", "order", "versus", "mark", "search", "write", "show_all", "faulty",
    "direction",
)  # fmt: skip
_WAYS = ("", LABELS["to_modern"], LABELS["to_classical"])
"""Of filtering by direction, in turn."""
_MOST = 200
_NONE = "none"


class ItemActions(QueueActions):
    """The part of the Evaluate screen that acts on items."""

    view = getters.query_one(EvaluationView)
    shown: Run | None = None
    """The run whose progress or result is shown; None while one is set up."""

    def __init__(self) -> None:
        super().__init__()
        self._listing = Listing(self.yiwen.runs_root)

    def can_act_on_items(self, action: str) -> bool:
        """Is there an item to act on, and is nobody typing?"""
        if not self.view.has_result:
            return False
        if action in ("search", "show_all"):
            return action == "show_all" or not isinstance(self.focused, Input)
        if action in ("faulty", "direction"):
            return not isinstance(self.focused, Input)
        return action == "versus" or self.view.table.selected is not None

    @on(LineTable.Chosen)
    def action_sample(self) -> None:
        """Read the highlighted sample over the whole screen."""
        if item := self.view.table.selected:
            self.app.push_screen(SampleDialog(item, self.view.run_id, self.view.other))

    def action_reverse(self) -> None:
        """The best first, or the worst."""
        self.view.table.reverse()

    def action_order(self) -> None:
        """Sort by perplexity, by change, by chrF, or as in the file."""
        order = next_order(self.view.table)
        self.view.table.order_by(order)
        self.notify(_("By {order}").format(order=_(ORDERS[order][0])), timeout=2)

    def action_faulty(self) -> None:
        """Only what is faulty, or everything again."""
        words = self.view.table.words.split()
        rest = [word for word in words if not word.startswith(items.FAULTY)]
        self.view.search(" ".join([*rest, items.FAULTY] if rest == words else rest))

    def action_direction(self) -> None:
        """One direction, the other, both."""
        words = self.view.table.words.split()
        now = next((word for word in words if word in _WAYS), "")
        following = _WAYS[(_WAYS.index(now) + 1) % len(_WAYS)]
        rest = [word for word in words if word not in _WAYS]
        self.view.search(" ".join(filter(None, [*rest, following])))

    def action_mark(self) -> None:
        """Mark, and go on to the next."""
        table = self.view.table
        table.toggle_mark(table.selected_key)
        table.action_move(1)
        self.view.show_note()

    def action_search(self) -> None:
        """Type words."""
        self.view.open_search()

    def action_show_all(self) -> None:
        """Take the search away; where there is none, the marks."""
        self.view.clear_search()

    @work(exclusive=True, group="versus")
    async def action_versus(self) -> None:
        """Choose a run whose answers are put beside these."""
        run = self.shown
        if run is None:
            return
        rows = await asyncio.to_thread(self._listing.rows)
        options = [(_NONE, _("(none)")), *_rivals(rows, run)]
        title = _("Set against") if len(options) > 1 else _("No other run has scored this file")
        chosen = await self.app.push_screen_wait(Picker(title, options, self.view.other or _NONE))
        if chosen == _NONE:
            self.view.set_against("", ())
        elif chosen:
            other = next(row.run for row in rows if row.run.id == chosen)
            result = await asyncio.to_thread(results.read, other)
            if run is self.shown:
                self.view.set_against(chosen, result.samples if result else ())

    @work(exclusive=True, group="write")
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

        target = await ask_path(self.app, _("Write items"), "items.md", hint, write)
        if target is None:
            return
        said = plural("{count:,} item in {file}", "{count:,} items in {file}", len(chosen)).format(
            count=len(chosen), file=one_line(str(target))
        )
        self.notify(said, markup=False, timeout=5)


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
