"""Asks where a file is to be written; what is there already is replaced only after a question."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, ClassVar

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from engine.language import _
from engine.text import plain
from tui.widgets.dialogs import Confirm


class SaveDialog(ModalScreen["str | None"]):
    """Closes with the path typed."""

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", _("Back"), id="save.back", tooltip=_("Write nothing")),
    ]
    DEFAULT_CSS = """
    SaveDialog Input { border: none; height: 1; padding: 0 1; background: $boost; }
    SaveDialog Static { height: auto; margin-top: 1; }
    """

    def __init__(self, title: str, path: str, hint: str) -> None:
        super().__init__()
        self._heading, self._path, self._hint = title, path, hint

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(plain(self._heading))
            field = Input(plain(self._path), compact=True, select_on_focus=False)
            field.cursor_blink = False
            yield field
            yield Static(Content(plain(self._hint)), classes="hint")
            yield Static(_("enter write   esc back"), classes="hint", markup=False)

    @on(Input.Submitted)
    def _take(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.dismiss(event.value.strip())


async def ask_path(app: App[Any], title: str, path: str, hint: str) -> str | None:
    """A path that may be written, or None. What is there already is asked about."""
    chosen = await app.push_screen_wait(SaveDialog(title, path, hint))
    if chosen is None:
        return None
    if await asyncio.to_thread(lambda: Path(chosen).expanduser().is_file()):
        details = _("{path} is there already.").format(path=chosen)
        replace = Confirm(_("Replace the file?"), details, yes=_("Replace"))
        if not await app.push_screen_wait(replace):
            return None
    return chosen
