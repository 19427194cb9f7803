"""A text field and the list beside it: what is typed while the list has the keys goes to the field.

In the list j, k, g, G and / move and find, as everywhere; any other letter is text again.
"""

from __future__ import annotations

from typing import Any

from textual import events
from textual.app import App
from textual.screen import Screen
from textual.widgets import Input, TextArea

from tui.internals import bindings_of

_EDITING = ("backspace", "left", "right")


def back_to_field(
    screen: Screen[Any], field: Input | TextArea, event: events.Key | events.Paste
) -> bool:
    """Give the keys back to the field if this is text for it; True if it was."""
    if screen.focused is field:
        return False
    if isinstance(event, events.Paste):
        text = event.text
    elif event.key in _EDITING:
        text = ""
    elif event.is_printable and event.character:
        text = event.character
    else:
        return False
    event.stop()
    event.prevent_default()
    if isinstance(field, Input):
        field.select_on_focus = False  # else the next letter replaces this one
    screen.set_focus(field)  # at once: more keys may be on their way
    _edit(field, event, text)
    return True


def _edit(field: Input | TextArea, event: events.Key | events.Paste, text: str) -> None:
    if isinstance(event, events.Key) and event.key == "backspace":
        field.action_delete_left()
    elif isinstance(field, TextArea):
        field.insert(text)
    else:
        field.insert_text_at_cursor(text.partition("\n")[0])


def is_bound(app: App[Any], screen: Screen[Any], key: str) -> bool:
    """Does the screen or the application do something with the key?"""
    return any(key in bindings_of(owner).key_to_bindings for owner in (screen, app))
