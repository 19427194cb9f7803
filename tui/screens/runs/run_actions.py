"""What can be done with the run under the cursor, or with the marked ones: open, name, delete …"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from textual import on, work
from textual.screen import Screen

from engine.language.errors import RunError, UserError
from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.run import notes
from engine.run.notes import Notes
from engine.table.catalog import Row
from tui.run.listing import Listing
from tui.run.stop import confirm_and_stop
from tui.screens.runs.deleting import confirm_and_delete, delete_broken
from tui.screens.runs.note_dialog import NoteDialog
from tui.screens.runs.run_browser import RunBrowser
from tui.screens.runs.run_details import RunDetails
from tui.screens.runs.run_menu import Act, RunMenu
from tui.screens.runs.run_table import RunTable
from tui.widgets.line_table import LineTable
from tui.widgets.picker import Picker

if TYPE_CHECKING:
    from tui.app import YiwenApp


class RunActions(Screen[None]):
    """The part of the Runs screen that acts on runs; what lists them is the screen itself."""

    def __init__(self) -> None:
        super().__init__()
        self._listing = Listing(self.yiwen.runs_root)
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

    def list_again(self) -> None:
        """Look into the runs folder now."""
        raise NotImplementedError

    @on(LineTable.Chosen)
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
        """Take the marked runs to Translate, to stand side by side, else this one."""
        marked = self.browser.marked_rows
        if len(marked) > 1:
            self.yiwen.translate_side_by_side([row.run for row in marked])
        elif row := self.table.selected:
            self.yiwen.translate_with(row.run)

    def action_again(self) -> None:
        """Set up a run like this one on Train; an evaluation of an adapter, on Evaluate."""
        if row := self.table.selected:
            takes_adapter = bool(row.settings.adapter)
            (self.yiwen.evaluate_run if takes_adapter else self.yiwen.set_up_like)(row.run)

    @work(exclusive=True, group="menu")
    async def action_again_broken(self) -> None:
        """Set up a run like one that is not in the table, for it cannot be read."""
        broken = {trouble.run.id: trouble for trouble in self.browser.troubles}
        chosen: str | None = next(iter(broken), None)
        if len(broken) > 1:
            options = [(name, f"{name}  {one_line(one.reason)}") for name, one in broken.items()]
            chosen = await self.app.push_screen_wait(Picker(_("Set up like"), options))
        if chosen:
            self.yiwen.set_up_like(broken[chosen].run)

    def action_copy(self) -> None:
        """Send the id to the clipboard by way of the terminal."""
        if row := self.table.selected:
            name = one_line(row.run.id)  # a clipboard is pasted into shells
            self.app.copy_to_clipboard(name)
            said = _("{run} sent to clipboard").format(run=name)
            self.notify(said, markup=False, timeout=3)

    @work
    async def action_stop(self) -> None:
        """Stop the run, after a question."""
        if row := self.table.selected:
            try:
                await confirm_and_stop(self.app, row.run, self._asked_to_stop)
            except RunError as error:
                self.yiwen.fail(error)

    @work(exclusive=True, group="note")
    async def action_note(self) -> None:
        """Write name, tags and note down."""
        row = self.table.selected
        if row is None:
            return
        try:
            kept = await asyncio.to_thread(notes.read, row.run.folder)
            if kept.trouble:
                raise RunError(
                    _("{trouble}; mend it by hand, or delete it").format(trouble=kept.trouble)
                )
            folder = row.run.folder

            async def keep(written: Notes) -> Notes:
                return await asyncio.to_thread(notes.write, folder, written)

            written = await self.app.push_screen_wait(NoteDialog(row.run.id, kept, keep))
            if written is not None:
                await asyncio.to_thread(self._listing.forget, row.run.id)
                self.list_again()
        except UserError as error:
            self.yiwen.fail(error)

    @work(exclusive=True, group="delete")
    async def action_delete(self) -> None:
        """Remove the marked runs, else this one, after a question that says what is lost."""
        selected = self.table.selected
        rows = self.browser.marked_rows or ([selected] if selected else [])
        try:
            if rows:
                await confirm_and_delete(
                    self.yiwen,
                    [row.run for row in rows],
                    lambda: RunDetails.read(rows[0]).losses(),
                )
        except (UserError, OSError) as error:
            self.yiwen.fail(error)
        self.list_again()

    @work(exclusive=True, group="delete")
    async def action_delete_broken(self) -> None:
        """Remove runs that are not in the table, for they cannot be read."""
        try:
            await delete_broken(self.yiwen, self.browser.troubles)
        except (UserError, OSError) as error:
            self.yiwen.fail(error)
        self.list_again()

    @work(exclusive=True, group="delete")
    async def action_undo(self) -> None:
        """Bring back the run deleted last."""
        try:
            run = await asyncio.to_thread(self.yiwen.trash.restore)
        except UserError as error:
            self.yiwen.fail(error)
            return
        said = _("{run} is back.").format(run=one_line(run.id))
        self.notify(said, markup=False, timeout=4)
        self.list_again()


def _acts(details: RunDetails) -> Iterator[Act]:
    """What can be done with this run."""
    row = details.row
    trains = row.settings.job == "train"
    yield Act("enter", _("watch") if trains else _("result"), "open")
    if details.has_adapter or details.checkpoints:
        yield Act("e", _("evaluate"), "evaluate")
        yield Act("t", _("translate"), "translate")
    yield Act("a", _("again with a change"), "again")
    yield Act("n", _("name, tags, note"), "note")
    if row.summary.status.active:
        yield Act("x", _("stop"), "stop")
    else:
        yield Act("d", _("delete"), "delete")
    yield Act("y", _("copy id"), "copy")
