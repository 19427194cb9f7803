"""The items of an evaluation, the worst first; set against another run, with what changed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from rich.cells import cell_len

from engine.data.directions import direction_label
from engine.language import figures
from engine.language.plain_text import one_line
from engine.language.texts import _, marked
from engine.run import words as wording
from engine.scores import items
from engine.scores.items import ORDERS, Item
from engine.scores.result_lines import SampleResult
from tui.widgets.cells import Cell, Heading
from tui.widgets.line_table import LineTable

_SOURCE_AT_LEAST = 12
_LABELS = {
    "ppl": "ppl",
    "change": marked("change"),
    "chrf": "chrF",
    "faults": marked("faults"),
    "direction": "",
    "id": marked("id"),
}
_RIGHT = ("ppl", "change", "chrf")
_FAULTS_AT_MOST, _FAULTS_AT_LEAST = 22, 9
_GIVES_WAY = ("id", "chrf", "direction")
"""Where there is no room for all and the source: the first of these first, then faults are cut."""


class SampleTable(LineTable):
    """Show it samples once; what is wider than the table gives way from the right."""

    def __init__(self) -> None:
        super().__init__()
        self.order = "ppl"
        self.worst_first = True
        self.words = ""
        self._samples: Sequence[SampleResult] = ()
        self._others: Sequence[SampleResult] = ()
        self._items: dict[str, Item] = {}
        self._ids: dict[str, str] = {}
        """As short as they can be told apart by."""
        self._shown: list[Item] = []

    @property
    def selected(self) -> Item | None:
        """The item under the cursor."""
        return self._items.get(self.selected_key)

    @property
    def marked_items(self) -> list[Item]:
        """The marked items that are shown, in the order of the table."""
        return [item for item in self._shown if str(item.place) in self.marked]

    @property
    def total(self) -> int:
        """Items, whether the search finds them or not."""
        return len(self._samples)

    @property
    def shown(self) -> Sequence[Item]:
        """The items found, in order."""
        return self._shown

    @property
    def is_set_against(self) -> bool:
        """Does another run stand beside this one?"""
        return bool(self._others)

    def can_order_by(self, order: str) -> bool:
        """Would it mean something here?"""
        if order == "chrf":
            return any(sample.chrf is not None for sample in self._samples)
        if order == "faults":
            return any(sample.faults for sample in self._samples)
        return order != "change" or self.is_set_against

    @property
    def columns(self) -> list[str]:
        """The keys of the columns that are shown."""
        return [heading.key for heading in self.headings]

    def column(self, key: str) -> list[str]:
        """What stands in a column, row by row."""
        return [self._words(item, key) for item in self._shown]

    def show(self, samples: Sequence[SampleResult]) -> None:
        """Show other samples, or the same with more known about them."""
        if samples != self._samples:
            keeps = [one.id for one in samples] == [one.id for one in self._samples]
            self._samples = samples
            if not keeps:
                self.marked.clear()
                self.words, self._others, self.cursor_row = "", (), 0
            self._arrange()

    def set_against(self, others: Sequence[SampleResult]) -> None:
        """Put another run's items beside these, the greatest change first; none: take it away."""
        self._others = others
        self.order = "change" if others else "ppl"
        self._arrange(home=True)

    def order_by(self, order: str) -> None:
        """Sort by something else, the worst first."""
        self.order, self.worst_first = order, True
        self._arrange(home=True)

    def reverse(self) -> None:
        """The best first, or the worst again."""
        self.worst_first = not self.worst_first
        self._arrange(home=True)

    def find(self, words: str) -> None:
        """Show only the items in which all the words occur."""
        if words.split() != self.words.split():
            self.words = words
            self._arrange()

    def on_resize(self) -> None:
        """The source text gets the room that is left."""
        self._fit()
        super().on_resize()
        self.draw_changes()

    def toggle_mark(self, key: str) -> None:
        """Mark an item; the first mark takes room from the source."""
        super().toggle_mark(key)
        self._fit()
        self.draw_changes()

    def clear_marks(self) -> None:
        """Take all marks away."""
        super().clear_marks()
        self._fit()
        self.draw_changes()

    def _arrange(self, home: bool = False) -> None:
        everything = items.pair_up(self._samples, self._others)
        self._ids = items.short_ids([sample.id for sample in self._samples])
        found = items.find(everything, self.words) if self.words.split() else everything
        self._shown = items.sort(found, self.order, worst_first=self.worst_first)
        self._items = {str(item.place): item for item in self._shown}
        self._fit()
        self.show_rows(list(self._items))
        if home:
            self.move_to(0)
        self.post_message(self.Moved())

    def cells(self, key: str) -> Sequence[Cell]:
        item = self._items[key]
        return [self._cell(item, heading.key) for heading in self.headings]

    def _cell(self, item: Item, key: str) -> Cell:
        words = self._words(item, key)
        if key == "change" and item.change:
            worse = item.change > 0
            return Cell(words, "text-error" if worse else "text-success")
        return Cell(words, "text-warning" if key == "faults" else "")

    def _fit(self) -> None:
        """As wide as what stands in them; the source takes the rest."""
        headings = [self._heading(key) for key in _LABELS if self._is_known(key)]
        for key in _GIVES_WAY:
            if self._room_beside(headings) >= _SOURCE_AT_LEAST:
                break
            if key != self.order:
                headings = [heading for heading in headings if heading.key != key]
        if self._room_beside(headings) < _SOURCE_AT_LEAST:
            headings = [_cut(heading) for heading in headings]
        if (room := self._room_beside(headings)) >= _SOURCE_AT_LEAST:
            headings.append(Heading("source", _("source"), room))
        self.headings = headings

    def _is_known(self, key: str) -> bool:
        if key == "change":
            return bool(self._others)
        if key == "chrf":
            return any(item.sample.chrf is not None for item in self._shown)
        return key != "faults" or any(item.sample.faults for item in self._shown)

    def _heading(self, key: str) -> Heading:
        label = _(_LABELS[key])
        if key == self.order:
            label = f"{'▾' if self.worst_first else '▴'} {label}"
        widest = max((cell_len(self._words(item, key)) for item in self._shown), default=0)
        if key == "faults":
            widest = min(widest, _FAULTS_AT_MOST)
        return Heading(key, label, max(widest, cell_len(label)), key in _RIGHT)

    def _room_beside(self, headings: Sequence[Heading]) -> int:
        taken = sum(heading.width + self.GAP for heading in headings)
        return self.size.width - 1 - self._gutter - taken

    def _words(self, item: Item, key: str) -> str:
        sample = item.sample
        if key == "ppl":
            return figures.number(sample.value)
        if key == "change":
            return _signed(item.change)
        if key == "chrf":
            return "" if sample.chrf is None else figures.number(sample.chrf, 1)
        if key == "faults":
            return _(", ").join(map(wording.fault_short, sample.faults))
        if key == "direction":
            return direction_label(sample.direction)
        if key == "id":
            return one_line(self._ids.get(sample.id, sample.id))
        return one_line(item.source)


def _cut(heading: Heading) -> Heading:
    if heading.key != "faults":
        return heading
    return replace(heading, width=min(heading.width, _FAULTS_AT_LEAST))


def _signed(change: float) -> str:
    if math.isnan(change):
        return ""
    return f"{change:+.2f}" if abs(change) < 1e4 else f"{change:+.1e}"


def next_order(table: SampleTable) -> str:
    """The order after the present one, of those that mean something here."""
    known = [key for key in ORDERS if table.can_order_by(key)]
    return known[(known.index(table.order) + 1) % len(known)]
