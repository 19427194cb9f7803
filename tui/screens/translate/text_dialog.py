"""Asks for a text of one or more lines: a reference to score, or a translation to accept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from engine.language.plain_text import plain


class Field(TextArea):
    """Takes pastes of many lines, without control characters."""

    async def _on_paste(self, event: events.Paste) -> None:
        """Clean what is pasted; the inherited handler, called next, inserts it."""
        event.text = plain(event.text.replace("\r\n", "\n").replace("\r", "\n"))


class TextDialog(ModalScreen["str | None"]):
    """Closes with the text; pageup and pagedown put other proposals in the field."""

    AUTO_FOCUS = "Field"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back", id="text.back", tooltip="Change nothing"),
        Binding("enter", "take", "Take", id="text.take", priority=True,
                tooltip="Take the text"),
        Binding("ctrl+j", "new_line", "New line", id="text.newline", priority=True,
                tooltip="Begin a new line"),
        Binding("pageup", "propose(-1)", "Former", id="text.before", priority=True,
                tooltip="The proposal before"),
        Binding("pagedown", "propose(1)", "Next", id="text.after", priority=True,
                tooltip="The proposal after"),
    ]  # fmt: skip
    DEFAULT_CSS = """
    TextDialog {
        Field, Field:focus { height: 8; border: none; padding: 0 1; background: $boost; }
        Static { height: auto; margin-top: 1; }
        .label { margin-top: 0; color: $text-muted; }
    }
    TextDialog.-short Field { height: 5; }
    """

    def __init__(self, title: str, proposals: Sequence[tuple[str, str]], hint: str) -> None:
        """Each proposal is a label and a text."""
        super().__init__()
        self._heading, self._proposals, self._hint = title, proposals, hint
        self._at = 0

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(plain(self._heading))
            yield Static(classes="label", markup=False)
            field = Field(highlight_cursor_line=False)
            field.cursor_blink = False
            yield field
            yield Static(Content(plain(self._hint)), classes="hint")

    def on_mount(self) -> None:
        """Begin with the first proposal."""
        self._show()

    def _show(self) -> None:
        label, text = self._proposals[self._at]
        count = len(self._proposals)
        many = f"{self._at + 1}/{count}  {label}   pageup pagedown" if count > 1 else label
        line = self.query_one(".label", Static)
        line.update(Content(plain(many)))
        line.display = bool(many)
        field = self.query_one(Field)
        field.text = plain(text)
        field.move_cursor(field.document.end)

    def action_propose(self, step: int) -> None:
        """Another proposal."""
        self._at = (self._at + step) % len(self._proposals)
        self._show()

    def action_new_line(self) -> None:
        """Begin a new line."""
        self.query_one(Field).insert("\n")

    def action_take(self) -> None:
        """Close with the text."""
        self.dismiss(plain(self.query_one(Field).text).strip())
