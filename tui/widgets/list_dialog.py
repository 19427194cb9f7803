"""What dialogs with a field above a list share: their look, and moving in the list."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import OptionList

from engine.language import _

Result = TypeVar("Result")


class ListDialog(ModalScreen[Result]):
    """The field has the focus; up and down move in the list below it."""

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", _("Up"), id="list.up", tooltip=_("The one above"), show=False),
        Binding(
            "down", "move(1)", _("Down"), id="list.down", tooltip=_("The one below"), show=False
        ),
        Binding("pageup", "move(-8)", _("Page up"), id="list.pageup", show=False),
        Binding("pagedown", "move(8)", _("Page down"), id="list.pagedown", show=False),
    ]
    DEFAULT_CSS = """
    ListDialog {
        align: center middle;
        Input { border: none; height: 1; padding: 0 1; background: $boost; }
        OptionList { margin-top: 1; border: none; padding: 0; background: transparent; }
    }
    """

    def action_move(self, step: int) -> None:
        """Move the highlight."""
        choices = self.query_one(OptionList)
        if choices.option_count:
            at = (choices.highlighted or 0) + step
            choices.highlighted = min(max(at, 0), choices.option_count - 1)
