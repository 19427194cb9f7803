"""The Runs screen: all runs as one table, to compare, filter, open, stop and delete them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Input

from engine import runs
from engine.catalog import Row
from engine.errors import RunError, UserError
from engine.runs import Run
from engine.text import one_line
from tui.listing import Listing
from tui.screens.runs.keys import KEYS
from tui.screens.runs.run_browser import RunBrowser
from tui.screens.runs.run_details import RunDetails
from tui.screens.runs.run_menu import Act, RunMenu
from tui.screens.runs.run_rows import COLUMNS
from tui.screens.runs.run_table import RunTable
from tui.stopping import confirm_and_stop
from tui.widgets.dialogs import Confirm
from tui.widgets.header_line import HeaderLine
from tui.widgets.picker import Picker

if TYPE_CHECKING:
    from tui.app import YiwenApp

LIST_SECONDS = 2.0
NEWEST = 1000
"""Runs listed at first, and more by each wish: a table of 10,000 freezes the screen for seconds."""
_FOR_ONE_RUN = ("menu", "open", "evaluate", "translate", "stop", "delete", "copy")


class RunsScreen(Screen[None]):
    """Lists the runs folder again and again while it shows."""

    CSS_PATH = "runs.tcss"
    AUTO_FOCUS = "RunTable"
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def __init__(self) -> None:
        super().__init__()
        self._listing = Listing(self.yiwen.runs_root)
        self._limit = NEWEST
        self._offered = (False, False)
        self._asked_to_stop: set[str] = set()

    @property
    def yiwen(self) -> YiwenApp:
        return cast("YiwenApp", self.app)

    @property
    def browser(self) -> RunBrowser:
        return self.query_one(RunBrowser)

    @property
    def table(self) -> RunTable:
        return self.query_one(RunTable)

    def compose(self) -> ComposeResult:
        yield HeaderLine("Runs")
        yield RunBrowser()
        yield Footer(compact=True)

    # The list

    def on_screen_resume(self) -> None:
        """List while the screen shows."""
        self._keep_listing()

    def on_screen_suspend(self) -> None:
        """Nothing is read for a screen that nobody sees."""
        self.workers.cancel_group(self, "list")

    @work(exclusive=True, group="list")
    async def _keep_listing(self) -> None:
        while True:
            self.browser.show(await asyncio.to_thread(self._listing.rows, self._limit))
            await asyncio.sleep(LIST_SECONDS)

    @on(RunBrowser.Changed)
    def _show_header(self) -> None:
        table, count = self.table, len(self.browser.listed or ())
        total = f"newest {count:,}, m for more" if self._may_have_more() else f"{count:,}"
        filtered = bool(table.words.strip())
        shown = f"{table.row_count:,} of {total}" if filtered else total
        words = f"   filter: {one_line(table.words)}" if filtered else ""
        order = f"by {COLUMNS[table.order.key].title.partition(',')[0]} {table.order.arrow}"
        self.query_one(HeaderLine).show(Content(shown + words), order)
        offered = self._may_have_more(), table.selected is not None
        if offered != self._offered:  # each time costs a footer on the wire
            self._offered = offered
            self.refresh_bindings()

    def _may_have_more(self) -> bool:
        return len(self.browser.listed or ()) >= self._limit

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what cannot be done now."""
        if not self.is_mounted:
            return True
        if action in _FOR_ONE_RUN and self.table.selected is None:
            return None
        if action == "filter" and isinstance(self.focused, Input):
            return False
        if action == "more" and not self._may_have_more():
            return None
        return True

    def action_more(self) -> None:
        """List older runs too."""
        self._limit += NEWEST
        self._keep_listing()

    @work
    async def action_sort(self) -> None:
        """Choose a column."""
        choices = [(column.key, column.title) for column in COLUMNS.values()]
        chosen = await self.app.push_screen_wait(Picker("Sort by", choices, self.table.order.key))
        if chosen:
            self.table.sort_by(chosen)

    @on(DataTable.HeaderSelected)
    def _sort_by_click(self, event: DataTable.HeaderSelected) -> None:
        self.table.sort_by(event.column_key.value or "created")

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.table.reverse()

    def action_filter(self) -> None:
        """Open the filter."""
        self.browser.open_filter()

    def action_show_all(self) -> None:
        """Take the filter away."""
        self.browser.clear_filter()

    # One run

    def choose_run(self, run: Run) -> None:
        """Put the cursor on a run."""
        self.table.select(run.id)

    @on(DataTable.RowSelected)
    def action_menu(self) -> None:
        """Show all about the run, and ask what to do."""
        if row := self.table.selected:
            self._ask(row)

    @work(exclusive=True, group="menu")
    async def _ask(self, row: Row) -> None:
        details = await asyncio.to_thread(RunDetails.read, row)
        chosen = await self.app.push_screen_wait(RunMenu(details.describe(), list(_acts(details))))
        if chosen:
            await self.run_action(chosen)

    def action_open(self) -> None:
        """Show the run on the screen that belongs to its job."""
        if row := self.table.selected:
            trains = row.settings.job == "train"
            (self.yiwen.watch_run if trains else self.yiwen.evaluate_run)(row.run)

    def action_evaluate(self) -> None:
        """Take the run to Evaluate."""
        if row := self.table.selected:
            self.yiwen.evaluate_run(row.run)

    def action_translate(self) -> None:
        """Take the run to Translate."""
        if row := self.table.selected:
            self.yiwen.translate_with(row.run)

    @work
    async def action_stop(self) -> None:
        """Stop the run, after a question."""
        if row := self.table.selected:
            try:
                await confirm_and_stop(self.app, row.run, self._asked_to_stop)
            except RunError as error:
                self.yiwen.fail(error)

    @work
    async def action_delete(self) -> None:
        """Remove the run, after a question that says what is lost."""
        if row := self.table.selected:
            try:
                await self._delete(row)
            except (UserError, OSError) as error:
                self.yiwen.fail(error)

    async def _delete(self, row: Row) -> None:
        if await asyncio.to_thread(row.run.alive):
            raise RunError(f"run {row.run.id} is running; stop it first (x)")
        details, size = await asyncio.to_thread(lambda: (RunDetails.read(row), row.run.size()))
        question = f"Delete {one_line(row.run.id)}?"
        confirm = Confirm(question, details.losses(size), yes="Delete", no="Keep")
        if await self.app.push_screen_wait(confirm):
            await asyncio.to_thread(runs.delete, row.run)
            self._keep_listing()

    def action_copy(self) -> None:
        """Send the id to the clipboard by way of the terminal."""
        if row := self.table.selected:
            self.app.copy_to_clipboard(row.run.id)
            self.notify(f"{one_line(row.run.id)} sent to clipboard", markup=False, timeout=3)


def _acts(details: RunDetails) -> Iterator[Act]:
    """What can be done with this run."""
    row = details.row
    trains = row.settings.job == "train"
    yield Act("enter", "watch" if trains else "result", "open")
    if details.has_adapter or details.checkpoints:
        yield Act("e", "evaluate", "evaluate")
        yield Act("t", "translate", "translate")
    if row.summary.status.active:
        yield Act("x", "stop", "stop")
    else:
        yield Act("d", "delete", "delete")
    yield Act("y", "copy id", "copy")
