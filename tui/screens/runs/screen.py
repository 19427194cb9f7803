"""The Runs screen: all runs as one table, to find, sort, mark, compare and look after."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Input

from engine.language.plain_text import one_line, width
from engine.language.texts import _
from engine.run.folder import Run
from engine.table.columns import COLUMNS
from tui import remembered
from tui.remembered import RunsView
from tui.screens.runs.arrangement import View
from tui.screens.runs.keys import KEYS
from tui.screens.runs.run_browser import RunBrowser
from tui.screens.runs.several_actions import SeveralActions
from tui.widgets.checklist import Checklist
from tui.widgets.header_line import HeaderLine
from tui.widgets.key_bar import KeyBar
from tui.widgets.line_table import LineTable
from tui.widgets.picker import Picker

LIST_SECONDS = 2.0
NEWEST = 1000
"""Runs read and shown before the others are read."""
_FOR_ONE_RUN = (
    "menu", "open", "evaluate", "translate", "stop", "delete", "copy", "mark", "note", "export",
    "report", "again",
)  # fmt: skip


class RunsScreen(SeveralActions):
    """Lists the runs folder again and again while it shows."""

    AUTO_FOCUS = "RunTable"
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def __init__(self) -> None:
        super().__init__()
        self._offered: tuple[object, ...] = ()
        self._is_complete = False
        kept = remembered.runs_view()
        self._view = View(order=kept.order, columns=kept.columns)

    def compose(self) -> ComposeResult:
        yield HeaderLine(_("Runs"))
        yield RunBrowser(self._view)
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
        table, count = self.table, len(self.browser.listed or ())
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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what cannot be done now."""
        if not self.is_mounted:
            return True
        if action in _FOR_ONE_RUN and self.table.selected is None:
            return None
        if action in ("delete_broken", "again_broken") and not self.browser.troubles:
            return None
        return not (action == "filter" and isinstance(self.focused, Input))

    # How it is shown

    def _look(self, view: View) -> None:
        """Show the table another way, and remember it."""
        self.browser.look(view)
        order = view.order
        kept = RunsView(view.columns, order.key, order.reverse, order.grouped)
        remembered.keep_runs_view(kept)

    @work
    async def action_sort(self) -> None:
        """Choose a column."""
        view = self.browser.view
        choices = [(column.key, column.title) for column in COLUMNS.values()]
        chosen = await self.app.push_screen_wait(Picker(_("Sort by"), choices, view.order.key))
        if chosen:
            self.sort_by(chosen)

    def sort_by(self, key: str) -> None:
        """Sort by a column, or turn the order round if it is sorted by that one already."""
        view = self.browser.view
        self._look(replace(view, order=view.order.by(key)))

    @on(LineTable.HeadingClicked)
    def _sort_by_click(self, event: LineTable.HeadingClicked) -> None:
        self.sort_by(event.key)

    def action_step(self, step: int) -> None:
        """Sort by the column beside the one it is sorted by."""
        shown, view = list(self.table.arrangement.widths), self.browser.view
        at = shown.index(view.order.key) if view.order.key in shown else -1
        self.sort_by(shown[(at + step) % len(shown)])

    def action_scroll_columns(self, step: int) -> None:
        """Show columns for which there is no room beside the others."""
        self.table.scroll_columns(step)

    def action_reverse(self) -> None:
        """Turn the order round."""
        view = self.browser.view
        self._look(replace(view, order=view.order.reversed()))

    def action_group(self) -> None:
        """By profile, or not."""
        view = self.browser.view
        self._look(replace(view, order=view.order.turned(not view.order.grouped)))

    @work
    async def action_columns(self) -> None:
        """Choose what is shown."""
        options = [
            (one.key, f"{one.label}{' ' * max(1, 13 - width(one.label))}{one.title}")
            for one in COLUMNS.values()
        ]
        title = _("Columns, the first marked first")
        dialog = Checklist(title, options, self.browser.view.columns)
        chosen = await self.app.push_screen_wait(dialog)
        if chosen:
            self._look(replace(self.browser.view, columns=tuple(chosen)))

    def action_filter(self) -> None:
        """Open the query."""
        self.browser.open_filter()

    def action_show_all(self) -> None:
        """Take the query away; where there is none, the marks."""
        table = self.table
        if not self.browser.view.query.text.strip() and table.marked:
            table.marked.clear()
            self.browser.look(self.browser.view)
            self.show_header()
        self.browser.clear_filter()

    def choose_run(self, run: Run) -> None:
        """Put the cursor on a run."""
        self.table.select(run.id)
