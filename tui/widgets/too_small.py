"""A sentence in place of the screen while the terminal is too small to draw it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.language.texts import _


class TooSmall(ModalScreen[None]):
    """Pushed and popped by the application."""

    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    TooSmall { align: center middle; }
    TooSmall Static { width: 100%; text-align: center; }
    """

    def __init__(self, width: int, height: int) -> None:
        super().__init__()
        self._smallest = (width, height)

    def compose(self) -> ComposeResult:
        width, height = self._smallest
        text = _("Yiwen needs a terminal of {width}×{height}; make this one larger.")
        yield Static(text.format(width=width, height=height), markup=False)
