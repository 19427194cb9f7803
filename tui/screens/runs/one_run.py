"""What can be done with the run under the cursor: read, open, name, use, set up again, stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from engine.language.errors import RunError, UserError
from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.run import notes
from engine.run.notes import Notes
from engine.table.catalog import Row
from tui.run.listing import Listing
from tui.run.stop import confirm_and_stop
from tui.screens.runs.note_dialog import NoteDialog
from tui.screens.runs.run_browser import RunBrowser
from tui.screens.runs.run_details import RunDetails
from tui.screens.runs.run_menu import Act, RunMenu
from tui.widgets.parts import Part, ScreenOfParts, in_worker


class OneRun(Part):
    """Acts on the run that is selected in the browser."""

    def __init__(
        self,
        screen: ScreenOfParts,
        browser: RunBrowser,
        listing: Listing,
        list_again: Callable[[], None],
    ) -> None:
        super().__init__(screen)
        self.browser = browser
        self._listing = listing
        self._list_again = list_again
        self._asked_to_stop: set[str] = set()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only where there is a run."""
        return True if self.browser.selected else None

    def action_menu(self) -> None:
        """Show all about the run, and ask what to do."""
        if row := self.browser.selected:
            self._ask(row)

    @in_worker("menu")
    async def _ask(self, row: Row) -> None:
        details = await asyncio.to_thread(RunDetails.read, row)
        chosen = await self.yiwen.push_screen_wait(
            RunMenu(details.describe(), list(_acts(details)))
        )
        if chosen:
            await self.screen.run_action(chosen)

    def action_open(self) -> None:
        """Show the run on the screen that belongs to its job."""
        if row := self.browser.selected:
            to, trains = self.yiwen.navigation, row.settings.job == "train"
            (to.watch if trains else to.evaluate)(row.run)

    def action_evaluate(self) -> None:
        """Take the run to Evaluate."""
        if row := self.browser.selected:
            self.yiwen.navigation.evaluate(row.run)

    def action_translate(self) -> None:
        """Take the marked runs to Translate, to stand side by side, else this one."""
        marked = self.browser.marked_rows
        if len(marked) > 1:
            self.yiwen.navigation.translate_side_by_side([row.run for row in marked])
        elif row := self.browser.selected:
            self.yiwen.navigation.translate(row.run)

    def action_again(self) -> None:
        """Set up a run like this one on Train; an evaluation of an adapter, on Evaluate."""
        if row := self.browser.selected:
            to, takes_adapter = self.yiwen.navigation, bool(row.settings.adapter)
            (to.evaluate if takes_adapter else to.set_up_like)(row.run)

    def action_copy(self) -> None:
        """Send the id to the clipboard by way of the terminal."""
        if row := self.browser.selected:
            name = one_line(row.run.id)  # a clipboard is pasted into shells
            self.yiwen.copy_to_clipboard(name)
            said = _("{run} sent to clipboard").format(run=name)
            self.yiwen.notify(said, markup=False, timeout=3)

    @in_worker("stop", exclusive=False)
    async def action_stop(self) -> None:
        """Stop the run, after a question."""
        if row := self.browser.selected:
            try:
                await confirm_and_stop(self.yiwen, row.run, self._asked_to_stop)
            except RunError as error:
                self.yiwen.fail(error)

    @in_worker("note")
    async def action_note(self) -> None:
        """Write name, tags and note down."""
        row = self.browser.selected
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
                return await asyncio.to_thread(
                    notes.change, folder, lambda now: notes.merged(now, kept, written)
                )

            written = await self.yiwen.push_screen_wait(NoteDialog(row.run.id, kept, keep))
            if written is not None:
                await asyncio.to_thread(self._listing.forget, row.run.id)
                self._list_again()
        except UserError as error:
            self.yiwen.fail(error)


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
