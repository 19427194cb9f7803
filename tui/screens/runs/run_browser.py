"""The table of runs with what stands around it: filter, selected run, details at the side."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable, Input

from engine.catalog import Row
from engine.text import one_line
from tui.screens.runs.run_details import RunDetails
from tui.screens.runs.run_table import RunTable
from tui.widgets.plain_static import PlainStatic


class RunBrowser(Vertical):
    """Feed it with `show`; its Changed tells that something else is shown now.

    Where there is room, a screen's CSS shows the details and hides #selected.
    """

    class Changed(Message):
        """Other rows, another order, another selection."""

    NO_RUNS: ClassVar[str] = "No runs yet. Press f1, then s, to start one."
    REST_SECONDS: ClassVar[float] = 0.15
    """The cursor rests this long on a row before its folder is read."""
    DEFAULT_CSS = """
    RunBrowser {
        Input { display: none; height: 1; border: none; padding: 0 1; background: $boost; }
        Horizontal { height: 1fr; }
        RunTable { width: 1fr; }
        VerticalScroll { display: none; width: 42; padding: 0 1; border-left: solid $panel; }
        #details { width: 1fr; height: auto; }
        #empty { display: none; height: 1fr; content-align: center middle; color: $text-muted; }
        #selected {
            height: 1; padding: 0 1; background: $panel;
            text-wrap: nowrap; text-overflow: ellipsis;
        }
    }
    RunBrowser.-empty { Horizontal, #selected { display: none; } #empty { display: block; } }
    """

    def __init__(self) -> None:
        super().__init__()
        self.listed: Sequence[Row] | None = None
        """All rows, whether the filter finds them or not; None before the first listing."""

    @property
    def table(self) -> RunTable:
        return self.query_one(RunTable)

    def compose(self) -> ComposeResult:
        field = Input(placeholder="words, all of which must occur", compact=True)
        field.cursor_blink = False
        yield field
        yield PlainStatic(id="empty")
        with Horizontal():
            yield RunTable()
            with VerticalScroll(can_focus=False):
                yield PlainStatic(id="details")
        yield PlainStatic(id="selected")

    def show(self, rows: Sequence[Row]) -> None:
        """Take a new list in."""
        self.listed = rows
        self.table.show(rows)

    @on(RunTable.Arranged)
    @on(DataTable.RowHighlighted)
    def _bring_up_to_date(self) -> None:
        row = self.table.selected
        self.set_class(self.listed is not None and row is None, "-empty")
        self.query_one("#empty", PlainStatic).say(self._emptiness())
        self.query_one("#selected", PlainStatic).say(_described(row))
        self._show_details(row)
        self.post_message(self.Changed())

    def _emptiness(self) -> str:
        if self.listed:
            return f"No run has “{one_line(self.table.words)}”. Press esc to see all."
        return self.NO_RUNS

    @work(exclusive=True, group="details")
    async def _show_details(self, row: Row | None) -> None:
        if row is None or not self.query_one(VerticalScroll).display:
            return
        await asyncio.sleep(self.REST_SECONDS)
        details = await asyncio.to_thread(RunDetails.read, row)
        self.query_one("#details", PlainStatic).say(details.describe())

    def open_filter(self) -> None:
        """Let the user type words."""
        field = self.query_one(Input)
        field.display = True
        self.screen.set_focus(field)  # at once: more keys may be on their way

    def clear_filter(self) -> None:
        """Show every run."""
        self.query_one(Input).value = ""
        self._leave_filter()

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        event.stop()
        self.table.filter_by(event.value)

    @on(Input.Submitted)
    def _leave_filter(self) -> None:
        self.table.focus()
        field = self.query_one(Input)
        field.display = bool(field.value.strip())


def _described(row: Row | None) -> Content:
    if row is None:
        return Content("")
    message = f"   {one_line(row.summary.message)}" if row.summary.message else ""
    return Content.assemble(one_line(row.run.id), (message, "$text-muted"))
