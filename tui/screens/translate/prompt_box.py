"""The field in which a text is typed for translation, with those typed before."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import TextArea

from engine.language.plain_text import plain
from engine.language.texts import _, marked

_TAKEN = ("f6", "f7", "pageup", "pagedown")
"""Keys of a plain text area that mean something else on the Translate screen."""
_HINT = marked("文言 or 白話; enter sends, ctrl+j begins a new line")


class PromptBox(TextArea, inherit_bindings=False):
    """Grows with its text; up and down bring back former texts."""

    BINDINGS: ClassVar[list[BindingType]] = [
        binding
        for binding in TextArea.BINDINGS
        if not (isinstance(binding, Binding) and binding.key in _TAKEN)
    ]

    DEFAULT_CSS = """
    PromptBox, PromptBox:focus {
        height: auto;
        min-height: 2;
        max-height: 9;
        padding: 0 1;
        background: $background;
        border: none;
        scrollbar-size-vertical: 1;
    }
    """

    def __init__(self) -> None:
        super().__init__(highlight_cursor_line=False, placeholder=_(_HINT))
        self.cursor_blink = False
        self._former: list[str] = []
        self._at: int | None = None
        """Which former text is shown; None while one is typed anew."""

    def take(self) -> str:
        """The text typed, without control characters; the field is empty then."""
        text = plain(self.text).strip()
        if text and text not in self._former[-1:]:
            self._former.append(text)
        self._at = None
        self.text = ""
        return text

    def recall(self, step: int) -> bool:
        """Show an older (-1) or newer (1) text, if one may: nothing that was typed is lost."""
        if not self._may_recall:
            return False
        at = (len(self._former) if self._at is None else self._at) + step
        if not 0 <= at <= len(self._former):
            return False
        self._at = at if at < len(self._former) else None
        self.text = "" if self._at is None else self._former[at]
        self.move_cursor((0, 0) if step < 0 and "\n" in self.text else self.document.end)
        return True

    def action_recall(self, step: int) -> None:
        """Bring back a text sent before."""
        self.recall(step)

    def action_new_line(self) -> None:
        """Begin a new line."""
        self.insert("\n")

    @property
    def _may_recall(self) -> bool:
        """Is the field empty, or does it show a former text as it was?"""
        return not self.text or (self._at is not None and self.text == self._former[self._at])

    def action_cursor_up(self, select: bool = False) -> None:
        """Move up; from the first line, to an older text."""
        if select or not self.cursor_at_first_line or not self.recall(-1):
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        """Move down; from the last line, to a newer text."""
        if select or not self.cursor_at_last_line or not self.recall(1):
            super().action_cursor_down(select)

    async def _on_paste(self, event: events.Paste) -> None:
        """Clean what is pasted; the inherited handler, called next, inserts it."""
        event.text = plain(event.text.replace("\r\n", "\n").replace("\r", "\n"))
