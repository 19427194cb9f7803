"""The chart of a run: loss on the left scale, test perplexity on the right, sent cell by cell."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from engine.events import Event
from tui.curve import Curve
from tui.screens.train import plot

REDRAW_SECONDS = 1.0
SMALLEST = (20, 4)


class LossChart(Widget):
    """Takes events in at any pace; redraws at most once a second, and only what differs."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "loss-chart--axis", "loss-chart--raw", "loss-chart--loss", "loss-chart--perplexity",
    }  # fmt: skip
    DEFAULT_CSS = """
    LossChart {
        height: 1fr;
        min-height: 3;
        .loss-chart--axis { color: $foreground; text-style: dim; }
        .loss-chart--raw { color: $primary; text-style: dim; }
        .loss-chart--loss { color: $primary; }
        .loss-chart--perplexity { color: $warning; }
    }
    """

    auto_links = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.curve = Curve()
        self.cells_sent = 0
        """Cells repainted since the chart was mounted, for the tests of thrift."""
        self._rows: list[str] = []
        self._drawn_at = 0.0
        self._timer: Timer | None = None

    def clear(self) -> None:
        """Begin with another run."""
        self.curve = Curve()
        self.redraw()

    def extend(self, new: Iterable[Event]) -> None:
        """Take events in, and redraw now or within a second."""
        if self.curve.extend(new):
            self._schedule()

    def _schedule(self) -> None:
        if self._timer is not None:
            return
        wait = self._drawn_at + REDRAW_SECONDS - time.monotonic()
        if wait <= 0:
            self.redraw()
        else:
            self._timer = self.set_timer(wait, self.redraw)

    def redraw(self) -> None:
        """Draw, and repaint the rows that changed."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._drawn_at = time.monotonic()
        before, self._rows = self._rows, self._draw()
        if not self.size:
            return
        changed = [
            Region(start, y, end - start, 1)
            for y in range(self.size.height)
            for start, end in _difference(_row(before, y), _row(self._rows, y))
        ]
        self.cells_sent += sum(region.width for region in changed)
        if changed:
            self.refresh(*changed)

    def _draw(self) -> list[str]:
        width, height = self.size
        if width < SMALLEST[0] or height < SMALLEST[1]:
            return []
        if not self.curve:
            return []
        return [_legend(self.curve, width), *plot.draw(self.curve, width, height - 1)]

    def on_resize(self, _: events.Resize) -> None:
        """Draw for the new size."""
        self._rows = []
        self.redraw()

    def render_line(self, y: int) -> Strip:
        """One row, in the theme's colours."""
        segments = [
            Segment(text, self._style(part)) for text, part in plot.split(_row(self._rows, y))
        ]
        base = self.rich_style
        return Strip(segments).adjust_cell_length(self.size.width, base).apply_style(base)

    def _style(self, part: plot.Part) -> Style:
        return self.get_component_rich_style(f"loss-chart--{part}", partial=True)


def _row(rows: list[str], y: int) -> str:
    return rows[y] if y < len(rows) else ""


def _difference(before: str, after: str) -> Iterator[tuple[int, int]]:
    """The span of columns in which two rows differ, if they do; all characters are one wide."""
    if before == after:
        return
    old, new = _cells(before), _cells(after)
    length = max(len(old), len(new))
    old += [(" ", "axis")] * (length - len(old))
    new += [(" ", "axis")] * (length - len(new))
    differing = [column for column in range(length) if old[column] != new[column]]
    if differing:
        yield differing[0], differing[-1] + 1


def _cells(row: str) -> plot.Row:
    return [(char, part) for text, part in plot.split(row) for char in text]


def _legend(curve: Curve, width: int) -> str:
    left = plot.paint(" loss", "loss")
    if not curve.perplexity:
        return left
    right = "o test perplexity" if width >= plot.NARROW else "o test ppl"
    return left + " " * (width - 6 - len(right)) + plot.paint(right, "perplexity")
