"""What dialogs with a field above a list share: their look, and moving in the list."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList

from tui.widgets.stepping_out import back_to_field

Result = TypeVar("Result")


class ListDialog(ModalScreen[Result]):
    """The field has the keys until one moves in the list below; what is typed is the field's."""

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        # Priority: the list has keys of its own, which know neither headings nor the ends.
        Binding(
            "up", "step(-1)", "Up", id="list.up", tooltip="The one above", show=False, priority=True
        ),
        Binding(
            "down",
            "step(1)",
            "Down",
            id="list.down",
            tooltip="The one below",
            show=False,
            priority=True,
        ),
        Binding("pageup", "step(-8)", "Page up", id="list.pageup", show=False, priority=True),
        Binding("pagedown", "step(8)", "Page down", id="list.pagedown", show=False, priority=True),
        Binding("enter", "take_highlighted", "Choose", id="list.enter", show=False, priority=True),
        Binding("space", "mark_highlighted", "Mark", id="list.mark", show=False),
    ]
    MARKING: ClassVar[str] = ""
    """The action that marks, where several can be chosen."""
    DEFAULT_CSS = """
    ListDialog {
        align: center middle;
        Input { border: none; height: 1; padding: 0 1; background: $boost; }
        OptionList, OptionList:focus {
            margin-top: 1; border: none; padding: 0; background: transparent;
        }
    }
    """

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave to the field what is the field's."""
        if action == "take_highlighted":
            return isinstance(self.focused, OptionList)
        if action == "mark_highlighted":
            return bool(self.MARKING) and isinstance(self.focused, OptionList)
        return True

    def action_step(self, step: int) -> None:
        """Move, and let the list have the keys: there j and k move, g and G, / goes back."""
        choices = self.query_one(OptionList)
        self.action_move(step)
        if choices.option_count and self.focused is not choices:
            choices.can_focus = True
            self.set_focus(choices)

    async def action_take_highlighted(self) -> None:
        """What enter does in the field."""
        await self.query_one(Input).action_submit()

    async def action_mark_highlighted(self) -> None:
        """Mark the highlighted one, or take its mark away."""
        await self.run_action(self.MARKING)

    def on_key(self, event: events.Key) -> None:
        """Text goes on in the field."""
        if event.key != "space" or not self.MARKING:
            back_to_field(self, self.query_one(Input), event)

    def on_paste(self, event: events.Paste) -> None:
        """Pasted text too."""
        back_to_field(self, self.query_one(Input), event)

    def action_move(self, step: int) -> None:
        """Move the highlight."""
        choices = self.query_one(OptionList)
        if choices.option_count:
            at = (choices.highlighted or 0) + step
            choices.highlighted = min(max(at, 0), choices.option_count - 1)
