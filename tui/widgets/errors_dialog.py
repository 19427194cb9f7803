"""All that went wrong since the workbench was opened, in full; and a shorter form for a notice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.language.texts import _

_LINES = 6
"""Lines of an error that a notice shows; the screen below is to stay readable."""


def shortened(message: str, width: int) -> str:
    """An error's first lines at that width; how to read the others, if there are more."""
    lines = Content(message).wrap(width)
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
