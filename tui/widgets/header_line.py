"""The first line of every screen: its name, what it is about, how that stands."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from engine.language.plain_text import one_line


class HeaderLine(Static):
    """` Train   tiny · qlora                       ● running   step 420/1800  23 %`."""

    DEFAULT_CSS = """
    HeaderLine {
        dock: top;
        height: 1;
        background: $panel;
        color: $foreground;
        text-wrap: nowrap;
        text-overflow: ellipsis;
    }
    """

    auto_links = False

    def __init__(self, name: str) -> None:
        super().__init__(markup=False)
        self._title = name
        self._what = Content("")
        self._status = Content("")

    def show(self, what: str | Content = "", status: str | Content = "") -> None:
        """Say what the screen is about (left) and how it stands (right)."""
        shown = (_content(what), _content(status))
        if shown != (self._what, self._status):
            self._what, self._status = shown
            self.refresh()

    def render(self) -> Content:
        """Name and subject from the left, status from the right; the subject gives way."""
        title = Content.assemble((f" {self._title} ", "bold $primary"))
        room = self.size.width - title.cell_length - self._status.cell_length - 4
        what = self._what.truncate(max(0, room), ellipsis=True) if room > 0 else Content("")
        gap = " " * max(1, room - what.cell_length + 1)
        return Content.assemble(title, "  ", what, gap, self._status, " ")


def _content(text: str | Content) -> Content:
    return Content(one_line(text)) if isinstance(text, str) else text
