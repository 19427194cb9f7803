"""Every key of a screen is answered: by one of its parts, or by the screen."""

from __future__ import annotations

import pytest
from textual.actions import parse
from textual.binding import Binding

from tui import palette
from tui.app import YiwenApp


@pytest.mark.parametrize("mode", palette.SCREENS)
async def test_every_key_calls_an_action(app: YiwenApp, mode: str) -> None:
    async with app.run_test(size=(100, 30)):
        await app.switch_mode(mode)
        screen = app.screen
        for binding in screen.BINDINGS:
            assert isinstance(binding, Binding)
            destination, name, _ = parse(binding.action)
            assert destination or callable(getattr(screen, f"action_{name}", None)), binding
