"""The Runs screen: all runs as one table, to find, sort, mark, compare and look after."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.run.folder import Run
from engine.table.columns import COLUMNS
from tui import remembered
from tui.run.listing import Listing
from tui.screens.runs.arrangement import View
from tui.screens.runs.arranging import Arranging
from tui.screens.runs.deleting import Deleting
from tui.screens.runs.keys import KEYS
from tui.screens.runs.one_run import OneRun
from tui.screens.runs.run_browser import RunBrowser
from tui.screens.runs.several_runs import SeveralRuns
from tui.widgets.header_line import HeaderLine
from tui.widgets.key_bar import KeyBar
from tui.widgets.line_table import LineTable
from tui.widgets.parts import ScreenOfParts
from tui.widgets.work import work

LIST_SECONDS = 2.0
NEWEST = 1000
"""Runs read and shown before the others are read."""


class RunsScreen(ScreenOfParts):
    """Lists the runs folder again and again while it shows."""

    AUTO_FOCUS = "RunTable"
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def __init__(self) -> None:
        super().__init__()
        self._offered: tuple[object, ...] = ()
        self._is_complete = False
        kept = remembered.runs_view()
        self._listing = Listing(self.yiwen.runs_root)
        self.browser = RunBrowser(View(order=kept.order, columns=kept.columns))
        self.arranging = Arranging(self, self.browser)
        self._one = OneRun(self, self.browser, self._listing, self.list_again)
        self.give_keys_to(
            self.browser,
            self.arranging,
            self._one,
            SeveralRuns(self, self.browser),
            Deleting(self, self.browser, self.list_again),
        )

    def compose(self) -> ComposeResult:
        yield HeaderLine(_("Runs"))
        yield self.browser
        yield KeyBar()

    # The list

    def on_screen_resume(self) -> None:
        """List while the screen shows."""
        self.list_again()

    def on_screen_suspend(self) -> None:
        """Nothing is read for a screen that nobody sees."""
        self.workers.cancel_group(self, "list")

    def list_again(self) -> None:
        """Look into the runs folder now."""
        self._keep_listing()

    @work(exclusive=True, group="list")
    async def _keep_listing(self) -> None:
        """Show the newest runs, then all; then again and again."""
        if not self._is_complete:
            self.browser.show(await asyncio.to_thread(self._listing.rows, NEWEST))
            self.browser.show(await asyncio.to_thread(self._listing.rows))
            self._is_complete = True
        while True:
            self.browser.show(await asyncio.to_thread(self._listing.rows))
            self.browser.say_what_is_missing(self._listing.troubles())
            await asyncio.sleep(LIST_SECONDS)

    @on(RunBrowser.Changed)
    def show_header(self) -> None:
        """How many runs, which, in what order."""
        table, count = self.browser.table, len(self.browser.listed or ())
        order, asked = self.browser.view.order, self.browser.view.query.text
        is_complete = self._is_complete or count < NEWEST
        parts = [f"{count:,}" if is_complete else _("newest {count:,} …").format(count=count)]
        if asked.strip():
            parts = [_("{shown:,} of {total}").format(shown=table.row_count, total=parts[0])]
        if table.marked:
            parts.append(_("{count} marked").format(count=len(table.marked)))
        if asked.strip():
            parts.append(_("found by: {query}").format(query=one_line(asked)))
        by = _("by profile, by {column} {arrow}") if order.grouped else _("by {column} {arrow}")
        by = by.format(column=COLUMNS[order.key].what, arrow=order.arrow)
        self.query_one(HeaderLine).show(Content("   ".join(parts)), by)
        offered = (table.selected is not None,)
        if offered != self._offered:  # each time costs a footer on the wire
            self._offered = offered
            self.refresh_bindings()

    # What is clicked

    @on(LineTable.HeadingClicked)
    def _sort_by_click(self, event: LineTable.HeadingClicked) -> None:
        self.arranging.sort_by(event.key)

    @on(LineTable.Chosen)
    def _choose_by_click(self) -> None:
        self._one.action_menu()

    def choose_run(self, run: Run) -> None:
        """Put the cursor on a run."""
        self.browser.table.select(run.id)
