"""The palette of commands, all its words in the language of the interface."""

from __future__ import annotations

from rich.align import Align
from rich.text import Text
from textual import events
from textual.command import CommandInput, CommandList, CommandPalette
from textual.widgets.option_list import Option

from engine.language.texts import _
from tui.widgets.stepping_out import back_to_field


class Palette(CommandPalette):
    """Textual's; it says in our language that nothing was found, and knows j and k."""

    def on_mount(self) -> None:
        """A blinking cursor repaints the whole line, twice a second for ever."""
        self.query_one(CommandInput).cursor_blink = False

    def _action_cursor_down(self) -> None:
        super()._action_cursor_down()
        self._step_into_list()

    def _action_command_list(self, action: str) -> None:
        super()._action_command_list(action)
        if action != "select":
            self._step_into_list()

    def _step_into_list(self) -> None:
        """Whoever moves in the list has left the field, until more is typed."""
        commands = self.query_one(CommandList)
        if self._list_visible and commands.option_count and self.focused is not commands:
            commands.can_focus = True
            self.set_focus(commands)

    def on_key(self, event: events.Key) -> None:
        """Text goes on in the field."""
        back_to_field(self, self.query_one(CommandInput), event)

    def on_paste(self, event: events.Paste) -> None:
        """Pasted text too."""
        back_to_field(self, self.query_one(CommandInput), event)

    def _start_no_matches_countdown(self, search_value: str) -> None:
        self._stop_no_matches_countdown()

        def show() -> None:
            if search_value:
                text = Align.center(Text(_("No matches found"), style="not bold"))
                option = Option(text, id=self._NO_MATCHES, disabled=True)
                self.query_one(CommandList).add_option(option)
            self._list_visible = bool(search_value)

        self._no_matches_timer = self.set_timer(self._NO_MATCHES_COUNTDOWN, show)
