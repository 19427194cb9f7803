"""What went wrong: said in a notice, and all since the workbench was opened in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.language.plain_text import width
from engine.language.texts import _
from tui.widgets.said_already import is_on_screen

_TOAST, _TOAST_EDGES = 60, 3
"""Columns of a notice at most, and those of them that are no text."""
_LINES = 6
"""Lines of an error that a notice shows; the screen below is to stay readable."""


def announce(app: App[Any], error: str) -> None:
    """Long enough to be read; the dialog has what is cut. Nothing is said over itself."""
    if is_on_screen(app.screen, error):
        app.bell()
        return
    message = shortened(error, min(_TOAST, app.size.width * 9 // 10) - _TOAST_EDGES)
    app.notify(
        message,
        title=_("That did not work"),
        severity="error",
        timeout=max(6.0, width(message) / 12),
        markup=False,
    )


def shortened(message: str, columns: int) -> str:
    """An error's first lines at that many columns; how to read the others, if there are more."""
    lines = Content(message).wrap(columns)
    if len(lines) <= _LINES:
        return message
    shown = [line.plain.rstrip() for line in lines[: _LINES - 1]]
    return "\n".join([*shown, _("… ctrl+g shows all of it")])


class ErrorsDialog(ModalScreen[None]):
    """The newest first."""

    AUTO_FOCUS = "VerticalScroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,ctrl+g", "dismiss", "Close", id="errors.close"),
    ]
    DEFAULT_CSS = """
    ErrorsDialog Static { width: 1fr; height: auto; margin-bottom: 1; }
    """

    def __init__(self, errors: Sequence[str]) -> None:
        super().__init__()
        self._errors = errors

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog -broad") as dialog:
            dialog.border_title = Content(_("What went wrong"))
            dialog.border_subtitle = Content(_("esc close"))
            for message in reversed(self._errors):
                yield Static(Content(message), markup=False)
            if not self._errors:
                yield Static(Content(_("Nothing has gone wrong yet.")), markup=False)
