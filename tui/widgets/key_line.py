"""A line that names keys and what they do; a click on one does the same."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content

from tui.widgets.plain_static import PlainStatic


class KeyLine(PlainStatic):
    """As many keys as there is room for, the most important first."""

    DEFAULT_CSS = """
    KeyLine { height: 1; text-wrap: nowrap; text-overflow: ellipsis; pointer: pointer; }
    """

    def __init__(
        self,
        heading: str = "",
        parts: Sequence[tuple[str, str]] = (),
        *,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._heading = heading
        self._parts = list(parts)
        self._ends: list[tuple[int, int, str]] = []
        """Where each key that is shown begins and ends, in cells."""

    def tell(self, parts: Sequence[tuple[str, str]]) -> None:
        """Name these keys: each with what it does."""
        self._parts = list(parts)
        self._draw()

    def on_resize(self) -> None:
        """More or fewer of them fit."""
        self._draw()

    def _draw(self) -> None:
        line = Content.styled(self._heading, "bold $primary")
        self._ends = []
        for key, words in self._parts:
            gap = "  " if line.plain else ""
            part = Content.assemble((key, "bold $primary"), f" {words}")
            begin = line.cell_length + len(gap)
            if self._ends and begin + part.cell_length > self.size.width:
                break
            self._ends.append((begin, begin + part.cell_length, key))
            line = Content.assemble(line, gap, part)
        self.say(line)

    def on_click(self, event: events.Click) -> None:
        """Do what the key does."""
        at = event.x - self.gutter.left
        key = next((key for begin, end, key in self._ends if begin <= at < end), "")
        if key:
            event.stop()
            self.app.simulate_key(key)
