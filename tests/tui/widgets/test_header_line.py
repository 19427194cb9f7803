"""The first line of every screen, at every width."""

from __future__ import annotations

import pytest
from looking import HOSTILE
from textual.app import App, ComposeResult

from tui.widgets.header_line import HeaderLine


class HeaderApp(App[None]):
    """Nothing but a header."""

    def compose(self) -> ComposeResult:
        yield HeaderLine("Train")

    def line(self) -> str:
        """The header as text."""
        return self.query_one(HeaderLine).render_line(0).text


@pytest.mark.parametrize("width", [1, 10, 30, 60, 80, 200])
async def test_status_stands_at_the_right_and_the_subject_gives_way(width: int) -> None:
    app = HeaderApp()
    async with app.run_test(size=(width, 3)) as pilot:
        app.query_one(HeaderLine).show("文言" * 20, "● running")
        await pilot.pause()
        line = app.line()
        if width >= 30:
            assert line.startswith(" Train ")
            assert line.rstrip().endswith("● running")
        if width >= 200:
            assert "文言" * 20 in line


async def test_outside_text_is_shown_as_it_is() -> None:
    app = HeaderApp()
    async with app.run_test(size=(120, 3)) as pilot:
        app.query_one(HeaderLine).show(HOSTILE)
        await pilot.pause()
        assert "[/nope] [red]x[/] [@click=app.quit]y[/]" in app.line()
        assert "\x1b" not in app.line()
