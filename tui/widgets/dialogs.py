"""Questions that wait for an answer."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from engine.language.plain_text import plain
from engine.language.texts import _


class Confirm(ModalScreen[bool]):
    """A question with two answers; enter alone means no."""

    AUTO_FOCUS = "#no"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", id="confirm.yes", tooltip="Yes, do it"),
        Binding("n,escape", "answer(False)", "No", id="confirm.no", tooltip="No, leave it"),
        Binding("left,right", "app.focus_next", "Other answer", show=False, id="confirm.other"),
    ]
    DEFAULT_CSS = """
    Confirm {
        align: center middle;
        .question { text-style: bold; }
        .details { margin-top: 1; color: $text-muted; }
        Horizontal { height: auto; margin-top: 1; align-horizontal: right; }
        Button { margin-left: 2; min-width: 12; padding: 0 2; }
        Button:focus { text-style: bold reverse; }
    }
    """

    def __init__(self, question: str, details: str = "", yes: str = "", no: str = "") -> None:
        super().__init__()
        self._question, self._details = question, details
        self._yes, self._no = yes or _("Yes"), no or _("No")

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Content(plain(self._question)), classes="question")
            if self._details:
                yield Static(Content(plain(self._details)), classes="details")
            with Horizontal():
                yield Button(Content(f"{self._yes}  y"), id="yes", compact=True)
                yield Button(Content(f"{self._no}  n"), id="no", compact=True)

    @on(Button.Pressed)
    def _press(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_answer(self, answer: bool) -> None:
        """Close with an answer."""
        self.dismiss(answer)
