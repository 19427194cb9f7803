"""Calls the user when a run that is watched has ended: bell and desktop notice, if wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.run.folder import Run
from engine.run.summary import Status, Summary
from engine.start import notice
from tui import internals

if TYPE_CHECKING:
    from tui.app import YiwenApp


def call(app: YiwenApp, run: Run, summary: Summary, *, is_seen: bool) -> None:
    """Ring, and say it on the screen too unless the run's own screen shows."""
    text = notice.sentence(run, summary)
    send(app, notice.terminal_codes(text, app.personal.notify))
    if not is_seen:
        failed = summary.status in (Status.FAILED, Status.INTERRUPTED)
        app.notify(str(text), severity="error" if failed else "information", markup=False)


def send(app: YiwenApp, codes: str) -> None:
    """Write codes to the terminal the way Textual itself sends the clipboard."""
    internals.write(app, codes)
