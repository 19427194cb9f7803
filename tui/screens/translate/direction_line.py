"""The line above the field: which way the text will go, and the keys that change what is asked."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from engine.language.texts import _, marked

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
        self._direction = ""

    def show(self, direction: str) -> None:
        """Name the direction."""
        if direction != self._direction:
            self._direction = direction
            self.refresh()

    def render(self) -> Content:
        """Direction from the left, keys from the right."""
        parts = [part for key, name in _KEYS for part in ((key, "bold $primary"), f" {_(name)}  ")]
        keys = Content.assemble(*parts).rstrip()
        left = Content.assemble((f" {self._direction}", "bold $accent"))
        gap = self.size.width - left.cell_length - keys.cell_length - 1
        return Content.assemble(left, " " * max(2, gap), keys)
