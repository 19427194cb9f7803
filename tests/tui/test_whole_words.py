"""What looks for cut words and misplaced punctuation finds them."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Static
from whole_words import closing_heads, cut


class Narrow(App[None]):
    """One text in too little room, with a style of its own."""

    def __init__(self, style: str) -> None:
        super().__init__()
        self._style = style

    def compose(self) -> ComposeResult:
        """The text alone."""
        text = Static("learning rate 1e-4", id="text")
        for rule in filter(None, self._style.split()):
            name, value = rule.split("=")
            setattr(text.styles, name, value)
        yield text


@pytest.mark.parametrize(
    ("style", "is_cut"),
    [
        ("width=40", False),
        ("width=8 height=3", False),
        ("width=12 height=1 text_wrap=nowrap", True),
        ("width=12 height=1 text_wrap=nowrap text_overflow=ellipsis", False),
        ("width=9 height=1", True),
    ],
)
async def test_a_text_without_its_end_is_found(style: str, is_cut: bool) -> None:
    app = Narrow(style)
    async with app.run_test(size=(60, 10)):
        assert bool(cut(app)) == is_cut


@pytest.mark.parametrize(
    ("shown", "count"),
    [
        ("學而時習之，\n不亦說乎", 0),
        ("學而時習之\n，不亦說乎", 1),
        ("  a │ 。b │ c", 1),
        ("評估 3/3   , . 切換", 0),
    ],
)
def test_punctuation_at_the_head_of_a_line_is_found(shown: str, count: int) -> None:
    assert len(closing_heads(shown)) == count
