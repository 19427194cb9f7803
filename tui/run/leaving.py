"""Leaving: a question where something would be lost, a word where a worker goes on; and signals."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from rich.text import Text

from engine.language.texts import _, marked, plural
from engine.run import runs_folder
from tui import internals

if TYPE_CHECKING:
    from tui.app import YiwenApp

CONTINUES = marked("Training goes on; come back any time with yiwen")
_GRACE = 2.0
"""Seconds to put the terminal in order after a signal."""
_PATIENCE = 1.0
"""Seconds to find out whether a worker goes on."""


@runtime_checkable
class Holding(Protocol):
    """A screen that may hold something which is nowhere else."""

    def would_be_lost(self) -> Sequence[str]:
        """A sentence for each thing that leaving would lose."""


async def confirm_and_leave(app: YiwenApp) -> None:
    """Leave, unless the user would rather keep what lives only as long as the workbench."""
    from tui.widgets.dialogs import Confirm

    lost = "\n".join(_lost_with(app))
    if not lost or await app.push_screen_wait(Confirm(_("Leave Yiwen?"), lost, yes=_("Leave"))):
        await app.action_quit()


def _lost_with(app: YiwenApp) -> Iterator[str]:
    if count := len(app.trash):
        yield plural(
            "{count} deleted run can be brought back only until then.",
            "{count} deleted runs can be brought back only until then.",
            count,
        ).format(count=count)
    for stack in internals.stacks(app):
        for screen in stack[:1]:
            if isinstance(screen, Holding):
                yield from screen.would_be_lost()


async def leave(app: YiwenApp) -> None:
    """Leave; say so if a worker goes on."""
    try:
        active = await asyncio.wait_for(asyncio.to_thread(_is_active, app), timeout=_PATIENCE)
    except (asyncio.TimeoutError, OSError):
        active = False
    app.exit(message=Text(_(CONTINUES)) if active else None)


def _is_active(app: YiwenApp) -> bool:
    return runs_folder.newest_active(runs_folder.list_all(app.runs_root)) is not None


def leave_at_signals(app: YiwenApp) -> None:
    """Leave when the terminal closes, or whoever it is asks for it."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, _leave_at_once, app, number)


def _leave_at_once(app: YiwenApp, number: int) -> None:
    """Exit; by force if the terminal is gone, for writing to it can block forever."""
    app.exit(return_code=128 + number)
    backstop = threading.Timer(_GRACE, os._exit, (128 + number,))
    backstop.daemon = True
    backstop.start()
