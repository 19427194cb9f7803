"""Finding a pair: `/`, then words that it holds, or its number."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import Input

from engine.data.dataset import Pair
from engine.language.texts import _
from tui.widgets.work import work


class PairFind(Input):
    """Lies over the last line of the screen; every letter goes to the next pair that fits."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down", "next(1)", "Next", id="pairs.next", tooltip="The next one"),
        Binding("up", "next(-1)", "Before", id="pairs.before", tooltip="The one before"),
        Binding(
            "escape",
            "leave",
            "Close",
            id="pairs.close",
            tooltip="Close the line, and stay at what was found",
        ),
    ]
    DEFAULT_CSS = """
    PairFind, PairFind:focus {
        dock: bottom; width: 100%; height: 1; border: none; padding: 0 1; background: $panel;
    }
    """

    def __init__(self, pairs: Sequence[Pair], at: int, go: Callable[[int], None]) -> None:
        hint = _("/ words or a number   enter next   ↑ before   esc back")
        super().__init__(placeholder=hint, compact=True)
        self.cursor_blink = False
        self._pairs, self._at, self._go = pairs, at, go

    @on(Input.Changed)
    def _find(self, event: Input.Changed) -> None:
        event.stop()
        self._look(self._at, 1)

    def action_next(self, step: int) -> None:
        """The next pair that fits, round and round."""
        self._look(self._at + step, step)

    def action_leave(self) -> None:
        """Give the keys back."""
        self.remove()
        self.screen.set_focus(self.screen.query("VerticalScroll").first())

    @work(exclusive=True)
    async def _look(self, start: int, step: int) -> None:
        found = await asyncio.to_thread(find, self._pairs, self.value, start, step)
        if found is None:
            if self.value.strip():
                self.notify(_("No pair holds that."), timeout=2)
            return
        self._at = found
        self._go(found)


def find(pairs: Sequence[Pair], typed: str, start: int, step: int) -> int | None:
    """The place of a pair by its number, else of the first from `start` on with all the words."""
    words = typed.casefold().split()
    if not words or not pairs:
        return None
    if typed.strip().isdecimal() and 1 <= int(typed.strip()[:18]) <= len(pairs):
        return int(typed) - 1
    for offset in range(len(pairs)):
        place = (start + step * offset) % len(pairs)
        pair = pairs[place]
        text = f"{pair.id}\n{pair.instruction}\n{pair.output}".casefold()
        if all(word in text for word in words):
            return place
    return None
