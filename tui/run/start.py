"""Starting a run: from what was asked for to a worker at work."""

from __future__ import annotations

import asyncio
from typing import Any

from textual.app import App

from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.run.folder import Run
from engine.start import launch
from engine.start.request import Request, prepare
from tui.run.surroundings import look_around
from tui.widgets.dialogs import Confirm


async def confirm_and_start(app: App[Any], request: Request) -> Run | None:
    """Make the run folder and start its worker, asking first if another is at work; None for no.

    Call it from a Textual worker. Raises UserError, or whatever a broken file makes a library
    raise.
    """
    found = await asyncio.to_thread(look_around, request.root)
    if found.active is not None:
        confirm = Confirm(
            _("Start another run beside the one that is active?"),
            _(
                "{run} is at work; both would be slower, or lack memory. "
                "The key A lets it wait in the queue instead."
            ).format(run=one_line(found.active.id)),
            yes=_("Start"),
        )
        if not await app.push_screen_wait(confirm):
            return None
    return await asyncio.to_thread(_start, request)


def _start(request: Request) -> Run:
    run = prepare(request)
    launch.start(run)
    return run
