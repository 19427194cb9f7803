"""The palette of commands, all its words in the language of the interface."""

from __future__ import annotations

from rich.align import Align
from rich.text import Text
from textual.command import CommandInput, CommandList, CommandPalette
from textual.widgets.option_list import Option

from engine.language import _


class Palette(CommandPalette):
    """Textual's, which tells in English that nothing was found, and whose cursor blinks."""

    def on_mount(self) -> None:
        """A blinking cursor repaints the whole line, twice a second for ever."""
        self.query_one(CommandInput).cursor_blink = False

    def _start_no_matches_countdown(self, search_value: str) -> None:
        self._stop_no_matches_countdown()

        def show() -> None:
            if search_value:
                text = Align.center(Text(_("No matches found"), style="not bold"))
                option = Option(text, id=self._NO_MATCHES, disabled=True)
                self.query_one(CommandList).add_option(option)
            self._list_visible = bool(search_value)

        self._no_matches_timer = self.set_timer(self._NO_MATCHES_COUNTDOWN, show)
