"""The last line of every screen: what its keys do, as many as there is room for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain

from textual import events
from textual.actions import parse
from textual.app import App
from textual.binding import ActiveBinding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from engine.language.texts import _
from tui.widgets.key_words import explained

_ALWAYS = ("help", "mode")
"""The actions that lead to everything else: help, and the other screens."""
_FIRST = ("stop", "cancel")
"""What must be at hand while something is at work: it stands first and goes last."""


class KeyBar(Widget):
    """` s Start  x Stop            ^q Quit  ? Help  f1 Train  f2 Evaluate  f3 Translate  f4 Runs `.

    The screen's keys stand left, those of all screens right. Where room is short, help and screens
    stay where they are; of the screen's keys the last ones go, and those that leave before them.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: 1; padding-left: 1; background: $panel; text-wrap: nowrap;
             pointer: pointer; }
    """

    auto_links = False

    def __init__(self) -> None:
        super().__init__()
        self._keys: list[ActiveBinding] = []

    def on_mount(self) -> None:
        """Keep up with what the keys mean."""
        self.screen.bindings_updated_signal.subscribe(self, self._take)

    def _take(self, screen: Screen[object]) -> None:
        if not screen.app.app_focus:
            return  # then no key means anything
        keys = list(_shown(screen.active_bindings.values()))
        if keys != self._keys:
            self._keys = keys
            self.refresh()

    def render(self) -> Content:
        """All that fits in one line."""
        left, right = self._sides()
        words = [Content(" ").join(map(self._word, side)) for side in (left, right)]
        gap = self.size.width - sum(word.cell_length for word in words)
        return Content.assemble(words[0], " " * gap, words[1])

    def _sides(self) -> tuple[list[ActiveBinding], list[ActiveBinding]]:
        """What stands left and right: keys in the order they are needed in, while they fit."""
        own = [key for key in self._keys if not _is_everywhere(key)]
        own.sort(key=lambda key: _action(key) not in _FIRST)
        always = [key for key in self._keys if _is_everywhere(key) and _action(key) in _ALWAYS]
        leaving = [key for key in self._keys if _is_everywhere(key) and key not in always]
        ends = accumulate(self._word(key).cell_length + 1 for key in chain(always, own, leaving))
        fitting = sum(end - 1 <= self.size.width for end in ends)
        room = max(0, fitting - len(always))
        return own[:room], [*leaving[: max(0, room - len(own))], *always[:fitting]]

    def _word(self, key: ActiveBinding) -> Content:
        display = self.app.get_key_display(key.binding)
        word = Content.assemble(
            (display, "bold $footer-key-foreground"),
            (f" {_(key.binding.description)}", "$footer-description-foreground"),
        )
        return word if key.enabled else word.stylize("dim")

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Explain the key under the pointer, should it rest there."""
        key = self._at(event.x - self.gutter.left)
        self.tooltip = explained(key.tooltip) if key else None

    def on_click(self, event: events.Click) -> None:
        """A click on a word does what its key does."""
        key = self._at(event.x - self.gutter.left)
        if key is not None and key.enabled:
            self.app.simulate_key(key.binding.key)

    def _at(self, x: int) -> ActiveBinding | None:
        left, right = self._sides()
        return self._in(left, x) or self._in(right[::-1], self.size.width - 1 - x)

    def _in(self, side: Sequence[ActiveBinding], distance: int) -> ActiveBinding | None:
        """The key so many cells from the edge at which a side begins."""
        ends = accumulate(self._word(key).cell_length + 1 for key in side)
        return next((key for key, end in zip(side, ends) if distance < end - 1), None)


def _shown(active: Iterable[ActiveBinding]) -> Iterator[ActiveBinding]:
    """Each thing to do that is to be seen once, with the first of its keys that needs no ctrl."""
    found: dict[str, ActiveBinding] = {}
    for key in active:
        if key.binding.show:
            known = found.setdefault(key.binding.description, key)
            if known.binding.key.startswith("ctrl+"):
                found[key.binding.description] = key
    yield from found.values()


def _is_everywhere(key: ActiveBinding) -> bool:
    """Does it do the same on every screen?"""
    return isinstance(key.node, App) or key.binding.action.startswith("app.")


def _action(key: ActiveBinding) -> str:
    return parse(key.binding.action)[1]
