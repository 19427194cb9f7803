"""Asking a run to stop: gently first, and by force when that was asked for already."""

from __future__ import annotations

import asyncio
from typing import Any

from textual.app import App

from engine.language.errors import RunError
from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.machine import lock
from engine.run.folder import Run
from engine.start import launch
from tui.run.gone import confirm_gone
from tui.widgets.dialogs import Confirm


async def confirm_and_stop(app: App[Any], run: Run, asked: set[str]) -> bool:
    """Stop a run if the user confirms; `asked` remembers the runs that were asked before.

    Of a run on a machine that cannot be seen from here it is asked whether its worker is gone.
    Call it from a Textual worker. Raises RunError when there is nothing to stop.
    """
    if await asyncio.to_thread(lock.unseen, run.folder) is not None:
        return await confirm_gone(app, run)
    if not await asyncio.to_thread(run.alive):
        raise RunError(_("run {run} is not running").format(run=run.id))
    force = run.id in asked
    trains = await asyncio.to_thread(lambda: run.settings.job == "train")
    gentle = (
        _("It finishes its step, saves, and can be resumed.")
        if trains
        else _("It stops at the next pause; what was scored so far is kept.")
    )
    question = _("Kill {run} on the spot?") if force else _("Stop {run}?")
    confirm = Confirm(
        question.format(run=one_line(run.id)),
        _("It was asked to stop and has not yet. What it did since it last saved is lost.")
        if force
        else gentle,
        yes=_("Kill") if force else _("Stop"),
        no=_("Let it run"),
    )
    if not await app.push_screen_wait(confirm):
        return False
    await asyncio.to_thread(launch.request_stop, run, force=force)
    asked.add(run.id)
    return True
