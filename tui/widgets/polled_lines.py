"""Lines that a thread looks up again and again while they are seen; only changed ones are sent."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.work import work


class PolledLines(Widget):
    """Subclasses say what the lines are, in a thread."""

    ALLOW_SELECT = False
    SECONDS: ClassVar[float] = 2.0
    """Between two looks."""

    auto_links = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._lines: list[Content] = []
        self._is_looking = False

    def on_mount(self) -> None:
        """Look now and then."""
        self.set_interval(self.SECONDS, self.look)

    def on_show(self, _: events.Show) -> None:
        """Do not wait for the next turn."""
        self.look()

    def look(self) -> None:
        """Look up the lines, unless nobody would see them."""
        if self.is_seen and not self._is_looking:
            self._look()

    @property
    def is_seen(self) -> bool:
        """Is it on the screen, and no dialog or other screen before it?"""
        return self.size.height > 0 and self.app.screen is self.screen

    @work(group="look")
    async def _look(self) -> None:
        self._is_looking = True
        try:
            self.say(await asyncio.to_thread(self.lines, *self.size))
        finally:
            self._is_looking = False

    def lines(self, width: int, height: int) -> list[Content]:
        """What to show in so much room. Called in a thread; may block."""
        raise NotImplementedError

    def say(self, lines: list[Content]) -> None:
        """Show lines; those that stay are not sent again."""
        before, self._lines = self._lines, lines
        if len(before) != len(lines):
            self.refresh(layout=True)
            return
        width = self.size.width
        changed = [
            Region(0, y, width, 1)
            for y, (old, new) in enumerate(zip(before, lines))
            if old != new or old.spans != new.spans
        ]
        if changed:
            self.refresh(*changed)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as there are; one before they are known."""
        return max(1, len(self._lines))

    def render_line(self, y: int) -> Strip:
        """One line, cut at the edge."""
        base = self.rich_style
        width = self.size.width
        if y >= len(self._lines):
            return Strip.blank(width, base)
        line = self._lines[y].truncate(width, ellipsis=True)
        segments = line.render_segments(self.visual_style)
        return Strip(segments).adjust_cell_length(width, base)
