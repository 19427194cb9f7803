"""Deleting runs: a question that says what is lost, then into the trash of the workbench."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from engine.language import figures
from engine.language.errors import RunError
from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.run.folder import Run
from engine.table.catalog import Trouble
from tui.widgets.checklist import Checklist
from tui.widgets.dialogs import Confirm

if TYPE_CHECKING:
    from tui.app import YiwenApp

_NAMED = 6
"""Runs that a question names before it only counts the others."""


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
