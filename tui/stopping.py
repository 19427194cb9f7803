"""Asking a run to stop: gently first, and by force when that was asked for already."""

from __future__ import annotations

import asyncio
from typing import Any

from textual.app import App

from engine import launch
from engine.errors import RunError
from engine.runs import Run
from engine.text import one_line
from tui.widgets.dialogs import Confirm


async def confirm_and_stop(app: App[Any], run: Run, asked: set[str]) -> bool:
    """Stop a run if the user confirms; `asked` remembers the runs that were asked before.

    Call it from a Textual worker. Raises RunError when there is nothing to stop.
    """
    if not await asyncio.to_thread(run.alive):
        raise RunError(f"run {run.id} is not running")
    force = run.id in asked
    trains = await asyncio.to_thread(lambda: run.settings.job == "train")
    gentle = (
        "It finishes its step, saves, and can be resumed."
        if trains
        else "It stops at the next pause; what was scored so far is kept."
    )
    name = one_line(run.id)
    confirm = Confirm(
        f"Kill {name} on the spot?" if force else f"Stop {name}?",
        "It was asked to stop and has not yet. What it did since it last saved is lost."
        if force
        else gentle,
        yes="Kill" if force else "Stop",
        no="Keep",
    )
    if not await app.push_screen_wait(confirm):
        return False
    await asyncio.to_thread(launch.request_stop, run, force=force)
    asked.add(run.id)
    return True
