"""Looking at an application under test: what stands on its screen, waiting until it does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from textual.pilot import Pilot

from tui.app import YiwenApp

HOSTILE = "[/nope] [red]x[/] [@click=app.quit]y[/] \x1b[31mz\x07 {w}"
"""Markup that is wrong, markup that vanishes, a link, escape codes: what outside text may hold."""


def seen(app: YiwenApp) -> str:
    """What stands on the topmost screen."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def wait_for(
    pilot: Pilot[None], expected: str | Callable[[], object], seconds: float = 20.0
) -> str:
    """Wait until a text is on the screen, or something holds; returns the screen."""
    app = pilot.app
    assert isinstance(app, YiwenApp)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        await pilot.pause()
        if expected in seen(app) if isinstance(expected, str) else expected():
            return seen(app)
        await asyncio.sleep(0.05)
    raise AssertionError(f"waited in vain for {expected!r}; the screen:\n{seen(app)}")
