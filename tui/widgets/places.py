"""What can be searched on a screen: lists, tables, and texts that scroll, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from textual.containers import ScrollableContainer
from textual.content import Content
from textual.geometry import Offset, Region
from textual.screen import Screen
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import OptionList

from tui.widgets.line_table import LineTable

Place = OptionList | LineTable | ScrollableContainer


def in_view(screen: Screen[Any]) -> Place | None:
    """What has the focus, if it can be searched; else the first such thing that shows."""
    focused = screen.focused
    if isinstance(focused, OptionList | LineTable | ScrollableContainer):
        return focused
    for widget in screen.query("*"):
        if isinstance(widget, OptionList | LineTable | ScrollableContainer) and _shows(widget):
            return widget
    return None


def _shows(widget: Widget) -> bool:
    return widget.region.area > 0 and widget.is_on_screen


def line_of(place: Place) -> int:
    """Where one is."""
    if isinstance(place, OptionList):
        return place.highlighted or 0
    if isinstance(place, LineTable):
        return place.cursor_row
    return round(place.scroll_offset.y)


def lines(place: Place) -> list[str]:
    """What stands in each line."""
    if isinstance(place, OptionList):
        return ["" if one.disabled else _words(one.prompt) for one in place.options]
    if isinstance(place, LineTable):
        return [" ".join(cell.words for cell in place.cells(key)) for key in place.keys]
    found = [""] * max(place.virtual_size.height, 1)
    for _widget, y, strip in _text_lines(place):
        if 0 <= y < len(found):
            found[y] = f"{found[y]} {strip.text.rstrip()}".strip()
    return found


def move_to(place: Place, line: int) -> None:
    """Bring a line into view, and let it stand out."""
    if isinstance(place, OptionList):
        place.highlighted = line
    elif isinstance(place, LineTable):
        place.move_to(line)
    else:
        place.scroll_to(y=max(0, line - place.size.height // 3), animate=False, immediate=True)
        place.screen.selections = {
            widget: found
            for widget, y, strip in _text_lines(place)
            if y == line and (found := _selection(strip)) is not None
        }


def _words(prompt: object) -> str:
    return prompt.plain if isinstance(prompt, Content) else str(prompt)


def _text_lines(place: ScrollableContainer) -> Iterator[tuple[Widget, int, Strip]]:
    """Each line of each text in a pane: whose it is, where in the pane, what stands there."""
    for widget in place.query("*"):
        size = widget.size
        if widget.children or not size.area or not widget.display:
            continue
        top = _top(widget, place)
        strips = widget.render_lines(Region(0, 0, size.width, size.height))
        for y, strip in enumerate(strips):
            yield widget, top + y, strip


def _top(widget: Widget, place: Widget) -> int:
    """How far down in a pane a text begins, however far it is scrolled: that may be news yet."""
    top = 0
    for node in widget.ancestors_with_self:
        if node is place or not isinstance(node, Widget):
            break
        top += node.virtual_region.y
    return top


def _selection(strip: Strip) -> Selection | None:
    """The words of a line, as one would mark them with the mouse."""
    offsets = [
        (segment.style.meta["offset"], segment.cell_length)
        for segment in strip
        if segment.style is not None and "offset" in segment.style.meta and segment.text.strip()
    ]
    if not offsets:
        return None
    (x, y), _width = offsets[0]
    (last_x, last_y), width = offsets[-1]
    return Selection(Offset(x, y), Offset(last_x + width, last_y))
