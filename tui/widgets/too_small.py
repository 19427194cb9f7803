"""A sentence in place of the screen while the terminal is too small to draw it."""

from __future__ import annotations

from typing import Any

from textual.app import App, ComposeResult
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.language.texts import _

SMALLEST = (60, 16)


class TooSmall(ModalScreen[None]):
    """Lies over the screen as long as it must."""

    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    TooSmall { align: center middle; }
    TooSmall Static { width: 100%; text-align: center; }
    """

    def compose(self) -> ComposeResult:
        width, height = SMALLEST
        text = _("Yiwen needs a terminal of {width}×{height}; make this one larger.")
        yield Static(text.format(width=width, height=height), markup=False)


def cover(app: App[Any], size: Size) -> None:
    """Cover the screen at a size that is too small for it, else uncover it."""
    too_small = size.width < SMALLEST[0] or size.height < SMALLEST[1]
    covered = isinstance(app.screen, TooSmall)
    if too_small and not covered:
        app.push_screen(TooSmall())
    elif covered and not too_small:
        app.pop_screen()
