"""A run whose worker was started on a machine that cannot be seen from here: is it gone?"""

from __future__ import annotations

import asyncio
from typing import Any

from textual.app import App

from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.machine import lock
from engine.run.folder import Run
from tui.widgets.dialogs import Confirm


async def confirm_gone(app: App[Any], run: Run) -> bool:
    """May the run be taken for one without a worker? Asks only where nobody can see.

    Call it from a Textual worker. Raises OSError, or RunError if another program was quicker.
    """
    holder = await asyncio.to_thread(lock.unseen, run.folder)
    if holder is None:
        return True
    confirm = Confirm(
        _("Is the worker of {run} gone?").format(run=one_line(run.id)),
        _(
            "It was started on {host}, which cannot be seen from here. If it still works there, "
            "do not take the run from it: two workers would spoil it."
        ).format(host=one_line(holder.host)),
        yes=_("It is gone"),
        no=_("Leave it"),
    )
    if not await app.push_screen_wait(confirm):
        return False
    await asyncio.to_thread(lock.dismiss, run.folder)
    return True
