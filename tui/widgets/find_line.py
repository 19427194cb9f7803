"""Finding words in the list or text in view: `/`, words, enter for the next line with them."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import on
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import Input

from engine.language.texts import _
from tui.widgets import places
from tui.widgets.places import Place


class FindLine(Input):
    """Lies over the last line of the screen; every letter moves to the next line that fits."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down", "next(1)", "Next", id="find.next", tooltip="The next place"),
        Binding("up", "next(-1)", "Before", id="find.before", tooltip="The place before"),
        Binding(
            "escape",
            "leave",
            "Close",
            id="find.close",
            tooltip="Close the line, and stay at what was found",
        ),
    ]
    DEFAULT_CSS = """
    FindLine, FindLine:focus {
        dock: bottom; width: 100%; height: 1; border: none; padding: 0 1; background: $panel;
    }
    """

    def __init__(self, place: Place) -> None:
        super().__init__(placeholder=_("/ words   enter next   ↑ before   esc back"), compact=True)
        self.cursor_blink = False
        self._place = place
        self._start = self._at = places.line_of(place)
        """The line one came from, and the one that was found last."""
        self._said = ""

    @on(Input.Changed)
    def _find(self, event: Input.Changed) -> None:
        event.stop()
        found = self._found()
        later = [at for at in found if at >= self._start]
        self._go(found, (later or found or [-1])[0])

    def action_next(self, step: int) -> None:
        """The next line with the words, round and round."""
        found = self._found()
        later = [at for at in found if (at - self._at) * step > 0]
        target = min((later or found or [-1]), key=lambda at: at * step)
        self._go(found, target)

    def action_leave(self) -> None:
        """Give the keys back to the list."""
        screen, place = self.screen, self._place
        self.remove()
        screen.set_focus(place if place.focusable else None)

    def _found(self) -> list[int]:
        """The lines in which every word occurs."""
        words = self.value.casefold().split()
        if not words:
            return []
        lines = enumerate(places.lines(self._place))
        return [at for at, line in lines if all(word in line.casefold() for word in words)]

    def _go(self, found: list[int], target: int) -> None:
        if target >= 0:
            self._at = target
            places.move_to(self._place, target)
        self._said = _("not found") if self.value.strip() else ""
        if found:
            place = found.index(target) + 1
            self._said = _("{at:,} of {count:,}").format(at=place, count=len(found))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """What is typed, and at the right what it led to."""
        strip = super().render_line(y)
        if not self._said:
            return strip
        style = self.get_component_rich_style("input--placeholder")
        room = self.size.width - cell_len(self._said) - 1
        said = Strip([Segment(f" {self._said}", style)])
        return Strip.join([strip.crop_extend(0, room, self.rich_style), said])


def find(screen: Screen[Any]) -> None:
    """Step into the field above the list; where there is none, open a line to type in."""
    field = next((one for one in screen.query(Input) if one.display), None)
    if field is not None:
        screen.set_focus(field)
    elif (place := places.in_view(screen)) is not None:
        line = FindLine(place)
        screen.mount(line)
        screen.set_focus(line)  # at once: more keys may be on their way
