"""The line above the field: which way the text will go, and the keys that change what is asked."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from engine.language.texts import _, marked
from tui.screens.translate.question import WISHES, Question, Wish

_KEYS = (
    ("f5", marked("model")),
    ("f6", marked("direction")),
    ("f7", marked("prompt")),
    ("f8", marked("copy")),
)


class DirectionLine(Static):
    """` auto: 文→白                        f5 model  f6 direction  f7 prompt  f8 copy `."""

    DEFAULT_CSS = """
    DirectionLine { height: 1; background: $boost; text-wrap: nowrap; }
    """

    auto_links = False

    def __init__(self) -> None:
        super().__init__(markup=False)
        self.wish: Wish = "auto"
        self._text = self._direction = ""

    def show(self, text: str) -> None:
        """Name the direction in which a text will go."""
        self._text = text
        direction = Question(text, self.wish).label
        if direction != self._direction:
            self._direction = direction
            self.refresh()

    def action_turn(self) -> None:
        """Go to the next direction."""
        self.wish = WISHES[(WISHES.index(self.wish) + 1) % len(WISHES)]
        self.show(self._text)

    def render(self) -> Content:
        """Direction from the left, keys from the right."""
        parts = [part for key, name in _KEYS for part in ((key, "bold $primary"), f" {_(name)}  ")]
        keys = Content.assemble(*parts).rstrip()
        left = Content.assemble((f" {self._direction}", "bold $accent"))
        gap = self.size.width - left.cell_length - keys.cell_length - 1
        return Content.assemble(left, " " * max(2, gap), keys)
