"""A text that is sent again only when it has changed, and always has the room that it takes."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.geometry import Size

from tui.widgets.plain_static import PlainStatic


class Line(App[None]):
    """One text as wide as it is."""

    CSS = "Horizontal { height: auto; } PlainStatic { width: auto; }"

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield PlainStatic()


async def test_a_text_said_while_the_screen_was_laid_out_gets_its_own_width() -> None:
    async with Line().run_test(size=(80, 24)) as pilot:
        text, screen = pilot.app.query_one(PlainStatic), pilot.app.screen
        text.say("short")
        screen._refresh_layout(Size(70, 24))  # a resize, before the text could ask for a layout
        text.say("a longer one")
        await pilot.pause()
        assert text.size.width == len("a longer one")
