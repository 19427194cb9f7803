"""The table of runs with what stands around it: query, selected run, details at the side."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from engine.language.plain_text import one_line
from engine.language.texts import _, marked, plural
from engine.prompts import strategies
from engine.table import query
from engine.table.catalog import Row, Trouble
from engine.table.field_tests import QueryError
from tui.screens.runs.arrangement import View, arrange
from tui.screens.runs.run_details import RunDetails
from tui.screens.runs.run_table import RunTable
from tui.widgets.line_table import LineTable
from tui.widgets.plain_static import PlainStatic
from tui.widgets.work import work


class RunBrowser(Vertical):
    """Feed it with `show`; its Changed tells that something else is shown now.

    Where there is room, a screen's CSS shows the details and hides #selected.
    """

    class Changed(Message):
        """Other rows, another order, another selection."""

    NO_RUNS: ClassVar[str] = marked("""\
No runs yet. Press f1, then s, to start one.

f1  train an adapter, and see test perplexity fall
f2  score the base model, {strategies}: what training has to beat
f3  translate with the base model at once
In a shell, yiwen demo makes one run of each strategy.

All runs are then compared here.""")
    REST_SECONDS: ClassVar[float] = 0.15
    """The cursor rests this long on a row before its folder is read."""
    AT_ONCE: ClassVar[int] = 300
    """So many rows are arranged without a thread, which takes a millisecond to answer."""
    DEFAULT_CSS = """
    RunBrowser {
        Input { display: none; height: 1; border: none; padding: 0 1; background: $boost; }
        Horizontal { height: 1fr; }
        RunTable { width: 1fr; }
        VerticalScroll { display: none; width: 42; padding: 0 1; border-left: solid $panel; }
        #details { width: 1fr; height: auto; }
        #empty { display: none; height: 1fr; content-align: center middle; color: $text-muted; }
        #trouble {
            display: none; height: auto; max-height: 2; padding: 0 1; color: $text-error;
        }
        #missing {
            display: none; height: auto; max-height: 3; padding: 0 1; color: $text-error;
        }
        #selected {
            height: 1; padding: 0 1; background: $panel;
            text-wrap: nowrap; text-overflow: ellipsis;
        }
    }
    RunBrowser.-empty { Horizontal, #selected { display: none; } #empty { display: block; } }
    RunBrowser.-trouble #trouble, RunBrowser.-missing #missing { display: block; }
    """

    table = getters.query_one(RunTable)

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view
        self.listed: Sequence[Row] | None = None
        """All rows, whether the query finds them or not; None before the first listing."""
        self.troubles: Sequence[Trouble] = ()
        """Runs that are no rows, for they cannot be read."""
        self._settled = view.query
        """What was asked before the query that is being typed."""

    def compose(self) -> ComposeResult:
        hint = _("words, strategy:qlora, ppl<20, tag:final …")
        field = Input(placeholder=hint, compact=True)
        field.cursor_blink = False
        yield field
        yield PlainStatic(id="trouble")
        yield PlainStatic(id="empty")
        with Horizontal():
            yield RunTable()
            with VerticalScroll(can_focus=False):
                yield PlainStatic(id="details")
        yield PlainStatic(id="missing")
        yield PlainStatic(id="selected")

    @property
    def selected(self) -> Row | None:
        """The run under the cursor."""
        return self.table.selected

    @property
    def chosen(self) -> list[Row]:
        """The marked runs, else the one under the cursor."""
        return self.marked_rows or ([self.selected] if self.selected else [])

    @property
    def marked_rows(self) -> list[Row]:
        """The marked runs, found by the query or not, in the order of the table."""
        marked = self.table.marked
        return self.view.order.sort(row for row in self.listed or () if row.run.id in marked)

    # What is shown

    def show(self, rows: Sequence[Row]) -> None:
        """Take a new list in."""
        before, self.listed = self.listed, rows
        if self.table.marked:
            self.table.marked &= {row.run.id for row in rows}
        same = before is not None and len(before) == len(rows)
        if not same or any(a is not b for a, b in zip(before or (), rows)):
            self._arrange()
        else:
            self.table.draw_changes()  # clocks of running runs

    def say_what_is_missing(self, troubles: Sequence[Trouble]) -> None:
        """Tell of runs that cannot be read: how many, and the first in full."""
        self.troubles = troubles
        said = ""
        if troubles:
            said = plural(
                "! Broken run (D delete, U again): {reason}",
                "! {count} broken runs (D delete, U again), first: {reason}",
                len(troubles),
            ).format(count=len(troubles), reason=one_line(troubles[0].reason))
        self.set_class(bool(troubles), "-missing")
        self.query_one("#missing", PlainStatic).say(said)

    def look(self, view: View) -> None:
        """Show the rows another way."""
        self.view = view
        self._arrange()

    def _arrange(self) -> None:
        rows = self.listed or ()
        if len(rows) <= self.AT_ONCE:
            self.workers.cancel_group(self, "arrange")
            self.table.show(arrange(rows, self.view))
            if not rows:
                self._bring_up_to_date()
        else:
            self._arrange_in_thread()

    @work(exclusive=True, group="arrange")
    async def _arrange_in_thread(self) -> None:
        # The rows are no argument: Textual describes a worker by the repr of all its arguments.
        self.table.show(await asyncio.to_thread(arrange, self.listed or (), self.view))

    @on(RunTable.Arranged)
    @on(LineTable.Moved)
    def _bring_up_to_date(self) -> None:
        row = self.table.selected
        self.set_class(self.listed is not None and row is None, "-empty")
        self.query_one("#empty", PlainStatic).say(self._emptiness())
        self.query_one("#selected", PlainStatic).say(_described(row))
        self._show_details(row)
        self.post_message(self.Changed())

    def _emptiness(self) -> str:
        if self.listed:
            nothing = _("No run is found by “{query}”. Press esc to see all.")
            return nothing.format(query=one_line(self.view.query.text))
        return _(self.NO_RUNS).format(strategies=strategies.either(strategies.untrained()))

    @work(exclusive=True, group="details")
    async def _show_details(self, row: Row | None) -> None:
        if row is None or not self.query_one(VerticalScroll).display:
            return
        await asyncio.sleep(self.REST_SECONDS)
        details = await asyncio.to_thread(RunDetails.read, row)
        for place in self.query("#details").results(PlainStatic):  # none while leaving
            place.say(details.describe())

    # Its keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Mark where there is a run; `/` is text where one types."""
        if action == "mark":
            return True if self.selected else None
        return not (action == "filter" and isinstance(self.screen.focused, Input))

    def action_mark(self) -> None:
        """Mark, and go on to the next."""
        if self.selected:
            self.table.toggle_mark(self.table.selected_key)
            self.table.action_move(1)
            self.post_message(self.Changed())

    def action_filter(self) -> None:
        """Let the user type a query."""
        field = self.query_one(Input)
        self._settled = self.view.query
        field.display = True
        self.screen.set_focus(field)  # at once: more keys may be on their way

    def action_show_all(self) -> None:
        """Take the query away; where there is none, the marks."""
        if not self.view.query.text.strip() and self.table.marked:
            self.table.marked.clear()
            self.look(self.view)
            self.post_message(self.Changed())
        self.query_one(Input).value = ""
        self._leave_filter()

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        """Ask at every key; what is not yet a query leaves the rows as they were before it."""
        event.stop()
        trouble, asked = "", self._settled
        try:
            asked = query.parse(event.value)
        except QueryError as error:
            trouble = str(error)
        if asked.text.split() != self.view.query.text.split():
            self.look(replace(self.view, query=asked))
        self.set_class(bool(trouble), "-trouble")
        self.query_one("#trouble", PlainStatic).say(trouble)

    @on(Input.Submitted)
    def _leave_filter(self) -> None:
        self._settled = self.view.query
        self.table.focus()
        field = self.query_one(Input)
        field.display = bool(field.value.strip())


def _described(row: Row | None) -> Content:
    if row is None:
        return Content("")
    said = row.summary.message or row.notes.note or row.notes.trouble
    message = f"   {one_line(said)}" if said else ""
    return Content.assemble(
        (f"{row.notes.label}   " if row.notes.label else "", "bold"),
        one_line(row.run.id),
        (message, "$text-muted"),
    )
