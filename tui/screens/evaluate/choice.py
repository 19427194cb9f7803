"""One thing that can be chosen by a key: `p profile  tiny`."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.widgets import Static

from engine.language.plain_text import one_line


class Choice(Static):
    """Key, label and value in one line; where that is too narrow, the label gives way."""

    DEFAULT_CSS = """
    Choice { height: 1; text-wrap: nowrap; text-overflow: ellipsis; pointer: pointer; }
    Choice:hover { background: $boost; }
    """

    auto_links = False

    def __init__(self, name: str, key: str, label: str, action: str) -> None:
        super().__init__(markup=False, id=f"choose-{name}")
        self._key, self._label, self._action = key, label, action
        self._value, self._enabled = "", True

    def show(self, value: str, *, enabled: bool = True) -> None:
        """Show what is chosen; greyed out where there is nothing to choose."""
        shown = one_line(value), enabled
        if shown != (self._value, self._enabled):
            self._value, self._enabled = shown
            self.refresh()

    @property
    def value(self) -> str:
        """What is shown as chosen."""
        return self._value

    def render(self) -> Content:
        """The line."""
        value = Content(self._value)
        label = f" {self._label} "
        if 1 + Content(label).cell_length + value.cell_length > self.size.width:
            label = " "
        return Content.assemble(
            (self._key, "bold $primary" if self._enabled else "$text-muted"),
            (label, "$text-muted"),
            (self._value, "" if self._enabled else "$text-muted"),
        )

    async def on_click(self, event: events.Click) -> None:
        """The mouse may do what the key does."""
        event.stop()
        await self.screen.run_action(self._action)
