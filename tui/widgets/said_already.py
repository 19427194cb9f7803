"""Tells whether a text stands on the screen already, however it is wrapped there."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from tui.internals import rows_of


def is_on_screen(screen: Screen[Any], text: str) -> bool:
    """Can all of it be read in one widget? Line breaks and indents do not count."""
    wanted = _letters(text)
    if not wanted:
        return False
    rows = rows_of(screen)
    for widget in screen.query("*"):
        if widget.children or not widget.is_on_screen:
            continue
        region = widget.region.intersection(screen.region)
        lines = (rows[y].crop(region.x, region.right).text for y in range(region.y, region.bottom))
        if wanted in _letters("".join(lines)):
            return True
    return False


def _letters(text: str) -> str:
    return "".join(text.split())
