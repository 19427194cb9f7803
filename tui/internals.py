"""What the workbench uses of Textual that is private there, each with its reason.

Issues named here are those of Textualize/textual that were found. What mends the painting under
dialogs stands with its rules in tui/widgets/covered.py. Held to Textual by
tests/tui/test_internals.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual.app import App
from textual.binding import BindingsMap
from textual.dom import DOMNode
from textual.screen import Screen
from textual.strip import Strip


def bindings_of(owner: Screen[Any] | App[Any]) -> BindingsMap:
    """Its own bindings by key; `active_bindings` leaves out those that do nothing now.

    Others reach for them to change them: #4740 and #5477, which asks for a public way.
    """
    return owner._bindings


def stacks(app: App[Any]) -> Iterable[list[Screen[Any]]]:
    """The screens of every mode that was shown; the public way asks for a mode that exists.

    #3127 asks for more ways to the stack, none for all stacks at once.
    """
    return app._screen_stacks.values()


def write(app: App[Any], codes: str) -> None:
    """Send codes to the terminal, as Textual sends the clipboard; it offers no other way.

    No issue was found that asks for one.
    """
    if codes and app._driver is not None:
        app._driver.write(codes)


def rows_of(screen: Screen[Any]) -> list[Strip]:
    """What stands on the screen, row by row; the public picture of it is an SVG file.

    #1620 brought the text of a row; no issue was found that asks for the rows.
    """
    return screen._compositor.render_strips()


def skip_first_styling(screen: Screen[Any]) -> None:
    """Say that a new screen is up to date: nothing on it is styled yet.

    Else Textual reads all styles anew, twice, before the screen is shown. Since its pull request
    #3218; #6524 is about the like when a focus or a class changes.
    """
    screen._css_update_count = screen.app._css_update_count


def is_leaving(node: DOMNode) -> bool:
    """Is it being taken off the screen, or off it already? `display` tells it, and more.

    No issue was found that asks for a public way.
    """
    gone = node._pruning or node._closing or node._closed or not node.is_attached
    return gone or not node.app.is_running
