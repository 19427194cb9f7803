"""A question that is answered by typing a line."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from engine.language.plain_text import plain
from engine.language.texts import _, marked
from tui.widgets.trying_dialog import Attempt, Result, TryingDialog


class Ask(TryingDialog[Result]):
    """Enter does something with what is typed, and closes with what came of it; escape nothing."""

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back", id="ask.back", tooltip="Change nothing"),
    ]
    HINT: ClassVar[str] = marked("enter take   esc back")
    DEFAULT_CSS = """
    Ask {
        Input { border: none; height: 1; padding: 0 1; margin: 1 0; background: $boost; }
        Static { height: auto; }
    }
    Ask.-short Input { margin: 0; }
    """

    def __init__(
        self, question: str, take: Attempt[Result], details: str = "", text: str = ""
    ) -> None:
        super().__init__()
        self._question, self._details, self._text = question, details, text
        self._take = take

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(plain(self._question))
            yield Static(Content(plain(self._details)), markup=False)
            field = Input(plain(self._text), compact=True, select_on_focus=False)
            field.cursor_blink = False
            yield field
            yield Static("", classes="error", markup=False)
            yield Static(_(self.HINT), classes="hint", markup=False)

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        typed = event.value.strip()
        if typed:
            self.attempt(lambda: self._take(typed))
