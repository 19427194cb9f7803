"""Asks where a file is to be written; what is there already is replaced only after a question."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, ClassVar

from textual.app import App

from engine.language.texts import _, marked
from tui.widgets.ask import Ask
from tui.widgets.dialogs import Confirm
from tui.widgets.trying_dialog import Attempt, Result


class SaveDialog(Ask[Result]):
    """Writes to the path that is typed."""

    HINT: ClassVar[str] = marked("enter write   esc back")


async def ask_path(
    app: App[Any], title: str, path: str, hint: str, write: Attempt[Result]
) -> Result | None:
    """Write to a path that is asked for; of what is there already, it is asked first."""

    async def write_if_wanted(typed: str) -> Result | None:
        if await asyncio.to_thread(lambda: Path(typed).expanduser().is_file()):
            details = _("{path} is there already.").format(path=typed)
            replace = Confirm(_("Replace the file?"), details, yes=_("Replace"))
            if not await app.push_screen_wait(replace):
                return None
        return await write(typed)

    return await app.push_screen_wait(SaveDialog(title, write_if_wanted, hint, path))
