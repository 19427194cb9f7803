"""The samples of a result as a list that can be searched, sorted and marked."""

from __future__ import annotations

from textual import getters, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from engine.data.directions import LABELS
from engine.language.texts import _
from engine.scores import items
from engine.scores.items import ORDERS
from tui.screens.evaluate.sample_table import SampleTable, next_order

_WAYS = ("", LABELS["to_modern"], LABELS["to_classical"])
"""Of filtering by direction, in turn."""


class SampleList(Vertical):
    """A field to search in, and the table."""

    class Changed(Message):
        """Other samples are shown, or marked."""

    DEFAULT_CSS = """
    SampleList Input {
        display: none; height: 1; border: none; padding: 0 1; background: $boost;
    }
    """

    table = getters.query_one(SampleTable)
    field = getters.query_one(Input)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.has_result = False
        """Is there a result whose samples these are?"""

    def compose(self) -> ComposeResult:
        field = Input(placeholder=_("words, all of which must occur"), compact=True)
        field.cursor_blink = False
        yield field
        yield SampleTable()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Is there an item to act on, and is nobody typing?"""
        if not self.has_result or action == "show_all":
            return self.has_result
        if action in ("search", "faulty", "direction"):
            return not isinstance(self.screen.focused, Input)
        return self.table.selected is not None

    def action_reverse(self) -> None:
        """The best first, or the worst."""
        self.table.reverse()

    def action_order(self) -> None:
        """Sort by perplexity, by change, by chrF, or as in the file."""
        order = next_order(self.table)
        self.table.order_by(order)
        self.notify(_("By {order}").format(order=ORDERS[order][0]), timeout=2)

    def action_faulty(self) -> None:
        """Only what is faulty, or everything again."""
        words = self.table.words.split()
        rest = [word for word in words if not word.startswith(items.FAULTY)]
        self._search_for(" ".join([*rest, items.FAULTY] if rest == words else rest))

    def action_direction(self) -> None:
        """One direction, the other, both."""
        words = self.table.words.split()
        now = next((word for word in words if word in _WAYS), "")
        following = _WAYS[(_WAYS.index(now) + 1) % len(_WAYS)]
        rest = [word for word in words if word not in _WAYS]
        self._search_for(" ".join(filter(None, [*rest, following])))

    def action_mark(self) -> None:
        """Mark, and go on to the next."""
        table = self.table
        table.toggle_mark(table.selected_key)
        table.action_move(1)
        self.post_message(self.Changed())

    def action_search(self) -> None:
        """Let the user type words."""
        self.field.display = True
        self.screen.set_focus(self.field)

    def action_show_all(self) -> None:
        """Show every item; where every one is shown, take the marks away."""
        if not self.field.value.strip() and self.table.marked:
            self.table.clear_marks()
        self.field.value = ""
        self._leave_search()
        self.post_message(self.Changed())

    def _search_for(self, words: str) -> None:
        """Show only the items that words fit, which stand where they can be changed."""
        self.field.value = words  # which has them looked for
        self.field.display = bool(words)

    @on(Input.Changed)
    def _search(self, event: Input.Changed) -> None:
        event.stop()
        self.table.find(event.value)
        self.post_message(self.Changed())

    @on(Input.Submitted)
    def _leave_search(self) -> None:
        self.field.display = bool(self.field.value.strip())
        if self.has_result:
            self.table.focus()
