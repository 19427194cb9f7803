"""Runs that go, or cannot be read: deleted after a question, brought back, set up again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from engine.language import figures
from engine.language.errors import RunError, UserError
from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.run.folder import Run
from engine.table.catalog import Trouble
from tui.screens.runs.run_browser import RunBrowser
from tui.screens.runs.run_details import RunDetails
from tui.widgets.checklist import Checklist
from tui.widgets.dialogs import Confirm
from tui.widgets.parts import Part, ScreenOfParts, in_worker
from tui.widgets.picker import Picker

if TYPE_CHECKING:
    from tui.app import YiwenApp

_NAMED = 6
"""Runs that a question names before it only counts the others."""


class Deleting(Part):
    """Deletes into the trash of the workbench, and looks after what cannot be read."""

    def __init__(
        self, screen: ScreenOfParts, browser: RunBrowser, list_again: Callable[[], None]
    ) -> None:
        super().__init__(screen)
        self.browser = browser
        self._list_again = list_again

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only where there is something to delete, or to mend."""
        if action == "delete":
            return True if self.browser.selected else None
        return True if action == "undo" or self.browser.troubles else None

    @in_worker("menu")
    async def action_again_broken(self) -> None:
        """Set up a run like one that is not in the table, for it cannot be read."""
        broken = {trouble.run.id: trouble for trouble in self.browser.troubles}
        chosen: str | None = next(iter(broken), None)
        if len(broken) > 1:
            options = [(name, f"{name}  {one_line(one.reason)}") for name, one in broken.items()]
            chosen = await self.yiwen.push_screen_wait(Picker(_("Set up like"), options))
        if chosen:
            self.yiwen.navigation.set_up_like(broken[chosen].run)

    @in_worker("delete")
    async def action_delete(self) -> None:
        """Remove the marked runs, else this one, after a question that says what is lost."""
        rows = self.browser.chosen
        try:
            if rows:
                await confirm_and_delete(
                    self.yiwen,
                    [row.run for row in rows],
                    lambda: RunDetails.read(rows[0]).losses(),
                )
        except (UserError, OSError) as error:
            self.yiwen.fail(error)
        self._list_again()

    @in_worker("delete")
    async def action_delete_broken(self) -> None:
        """Remove runs that are not in the table, for they cannot be read."""
        try:
            await delete_broken(self.yiwen, self.browser.troubles)
        except (UserError, OSError) as error:
            self.yiwen.fail(error)
        self._list_again()

    @in_worker("delete")
    async def action_undo(self) -> None:
        """Bring back the run deleted last."""
        try:
            run = await asyncio.to_thread(self.yiwen.trash.restore)
        except UserError as error:
            self.yiwen.fail(error)
            return
        said = _("{run} is back.").format(run=one_line(run.id))
        self.yiwen.notify(said, markup=False, timeout=4)
        self._list_again()


async def confirm_and_delete(
    app: YiwenApp, chosen: Sequence[Run], losses: Callable[[], Sequence[str]]
) -> None:
    """Delete runs if the user confirms; `losses` looks up what goes with a single one.

    Call it from a Textual worker. Raises RunError if one of them is running.
    """
    alive = await asyncio.to_thread(lambda: [run for run in chosen if run.is_busy()])
    if alive:
        raise RunError(_("run {run} is running; stop it first (x)").format(run=alive[0].id))
    size = figures.size(await asyncio.to_thread(lambda: sum(run.size() for run in chosen)))
    if len(chosen) == 1:
        question = _("Delete {run}?").format(run=one_line(chosen[0].id))
        lost = await asyncio.to_thread(losses)
    else:
        question = _("Delete {count} marked runs?").format(count=len(chosen))
        lost = [one_line(run.id) for run in chosen[:_NAMED]]
        if len(chosen) > _NAMED:
            lost = [*lost, _("and {count} more").format(count=len(chosen) - _NAMED)]
    lines = [
        _("{size} on disk:").format(size=size),
        *(f"- {item}" for item in lost),
        _("Until you leave the workbench, u brings them back."),
    ]
    confirm = Confirm(question, "\n".join(lines), yes=_("Delete"), no=_("Keep"))
    if await app.push_screen_wait(confirm):
        for run in chosen:
            await asyncio.to_thread(app.trash.take, run)
        app.notify(_("Deleted, {size}; u brings it back.").format(size=size), timeout=5)


async def delete_broken(app: YiwenApp, troubles: Sequence[Trouble]) -> None:
    """Let the user choose among runs that cannot be read, and delete those after a question.

    Call it from a Textual worker. Raises RunError if one of them is running.
    """
    broken = {trouble.run.id: trouble for trouble in troubles}
    chosen: list[str] | None = list(broken)
    if len(broken) > 1:
        options = [(run_id, one_line(trouble.reason)) for run_id, trouble in broken.items()]
        title = _("Delete runs that cannot be read")
        chosen = await app.push_screen_wait(Checklist(title, options))
    if chosen:
        runs = [broken[run_id].run for run_id in chosen]
        await confirm_and_delete(app, runs, lambda: _content(runs[0]))


def _content(run: Run) -> list[str]:
    """What a folder holds of which nothing more is known."""
    return [one_line(_(", ").join(sorted(path.name for path in run.folder.iterdir())))]
