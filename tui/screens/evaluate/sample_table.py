"""The samples of an evaluation, the worst first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text

from engine import text
from engine.dataset import Pair
from engine.text import direction_label, one_line
from tui.results import Sample, by_perplexity
from tui.widgets.row_table import RowTable, cell

_SOURCE_AT_LEAST = 16


class SampleTable(RowTable):
    """Show it samples once; what is wider than the table gives way from the right."""

    MOST: ClassVar[int] = 1000
    """Rows at first, and more by each wish."""

    def __init__(self) -> None:
        super().__init__()
        self.worst_first = True
        self._samples: Sequence[Sample] = ()
        self._rows: list[Sample] = []
        self._limit = self.MOST
        self._shown_room = -1

    @property
    def selected(self) -> Sample | None:
        """The sample under the cursor."""
        return self._rows[self.cursor_row] if self.cursor_row < len(self._rows) else None

    @property
    def hidden_count(self) -> int:
        """Samples that are not listed yet."""
        return len(self._samples) - len(self._rows)

    def show(self, samples: Sequence[Sample]) -> None:
        """Show other samples, or the same with more known about them."""
        if samples != self._samples:
            keeps = [one.id for one in samples] == [one.id for one in self._samples]
            self._samples = samples
            self._limit = self._limit if keeps else self.MOST
            self._fill(self.cursor_row if keeps else 0)

    def reverse(self) -> None:
        """The best first, or the worst again."""
        self.worst_first = not self.worst_first
        self._fill(0)

    def show_more(self) -> None:
        """List more of them."""
        self._limit += self.MOST
        self._fill(self.cursor_row)

    def on_resize(self) -> None:
        """The source text gets the room that is left."""
        if self.columns and self._room() != self._shown_room:
            self._fill(self.cursor_row)

    def _room(self) -> int:
        return self.size.width - self.styles.scrollbar_size_vertical

    def _fill(self, row: int) -> None:
        self._rows = by_perplexity(self._samples, worst_first=self.worst_first)[: self._limit]
        self._shown_room = self._room()
        self.clear(columns=True)
        texts = [_texts(sample) for sample in self._rows]
        self._add_columns(texts)
        for index, line in enumerate(texts):
            cells = [cell(words, right=at == 0) for at, words in enumerate(line)]
            self.add_row(*cells[: len(self.columns)], key=str(index))
        self.move_cursor(row=min(row, max(0, self.row_count - 1)))

    def _add_columns(self, texts: Sequence[tuple[str, ...]]) -> None:
        """As wide as what stands in them; the source takes the rest, if that is worth it."""
        room = self._shown_room
        ppl = "▾ ppl" if self.worst_first else "▴ ppl"
        labels = {"ppl": ppl, "direction": "", "id": "id", "source": "source"}
        for at, (key, label) in enumerate(labels.items()):
            width = max(cell_len(words) for words in (label, *(line[at] for line in texts)))
            if key == "source":
                width = room - 2 * self.cell_padding
                if width < _SOURCE_AT_LEAST:
                    return
            heading = Text(label, justify="right" if key == "ppl" else "left")
            self.add_column(heading, width=width, key=key)
            room -= width + 2 * self.cell_padding


def _texts(sample: Sample) -> tuple[str, ...]:
    source = Pair(sample.id, sample.instruction).source_text
    return (
        text.number(sample.value),
        direction_label(sample.direction),
        one_line(sample.id) + (" !" if sample.faults else ""),
        one_line(source),
    )
