"""Finds what a reader stumbles over: words that end at an edge, lines that begin with a comma."""

from __future__ import annotations

import re

from textual.app import App
from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget

_CLOSING = "，。、；：？！）」』》〉】〕"
_HEAD = re.compile(rf"(?:^|[│┃▏▕▊▎]|\s{{2}})\s*([{_CLOSING}]\S*)")


def cut(app: App[None]) -> list[str]:
    """Texts of the topmost screen that are not there to their end, nor say so with an ellipsis."""
    return [
        f"{widget}: {text!r} is shown as {shown!r}"
        for widget in app.screen.walk_children(Widget)
        if widget.is_on_screen and widget.content_size
        for text, shown in [_texts(widget)]
        if _squeezed(text) not in _squeezed(shown) and "…" not in shown
    ]


def _texts(widget: Widget) -> tuple[str, str]:
    """What a widget has to say, and what it shows."""
    writes = type(widget).render_line is Widget.render_line  # others draw line by line
    said = widget._render() if writes and not widget.is_container else None
    if not isinstance(said, Content):
        return "", ""
    gutter, size = widget.gutter, widget.content_size
    lines = widget.render_lines(Region(gutter.left, gutter.top, size.width, size.height))
    return said.plain, "".join(line.text for line in lines)


def _squeezed(text: str) -> str:
    return "".join(text.split())


def closing_heads(shown: str) -> list[str]:
    """Lines that begin with what belongs to the end of the one before."""
    return [
        f"line {y}: {found[1]!r}"
        for y, line in enumerate(shown.splitlines())
        for found in _HEAD.finditer(line)
    ]
