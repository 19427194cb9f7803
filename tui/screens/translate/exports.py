"""Writing accepted translations as a data file that a run can train on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.language.plain_text import one_line
from engine.language.texts import _, marked, plural
from engine.translate import history
from engine.translate.history import Exchange
from tui.widgets.save_dialog import SaveDialog

if TYPE_CHECKING:
    from tui.app import YiwenApp

NONE_ACCEPTED = marked(
    "No translation is accepted yet; ctrl+o accepts the last one, edited or not."
)


async def write_accepted(app: YiwenApp, exchanges: Sequence[Exchange]) -> None:
    """Ask for a file and add what was accepted to it."""
    accepted = [exchange for exchange in exchanges if exchange.accepted]
    if not accepted:
        app.notify(_(NONE_ACCEPTED), timeout=5)
        return
    hint = plural(
        "{count:,} accepted translation, as a record of instruction and output. A file "
        "that is there already keeps what it holds.",
        "{count:,} accepted translations, as records of instruction and output. A file "
        "that is there already keeps what it holds.",
        len(accepted),
    ).format(count=len(accepted))

    async def add(path: str) -> str:
        added = await asyncio.to_thread(history.export, accepted, path)
        return plural(
            "{count:,} new record in {file}", "{count:,} new records in {file}", added
        ).format(count=added, file=one_line(path))

    dialog = SaveDialog(_("Add to a data file"), add, hint, "accepted.json")
    if said := await app.push_screen_wait(dialog):
        app.notify(said, timeout=5, markup=False)
