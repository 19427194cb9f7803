"""Sample translations along a run: all items of one evaluation, or one item through all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from engine.data.dataset import Pair
from engine.language.figures import number
from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.run.events import Sample
from engine.run.history import History


@dataclass(frozen=True)
class SampleView:
    """What one looks at; the newest evaluation, as long as nothing else was chosen."""

    step: int | None = None
    """Of the evaluation that shows; None: the newest."""
    item: str = ""
    """The item that is followed through the run; empty: all items of one evaluation."""

    def moved(self, history: History, by: int) -> SampleView:
        """An evaluation further back or on; beyond the last one it follows the newest again."""
        steps = list(history.samples)
        if not steps:
            return self
        at = steps.index(self.step) if self.step in steps else len(steps) - 1
        at = min(max(0, at + by), len(steps) - 1)
        return replace(self, step=None if at == len(steps) - 1 else steps[at])

    def with_next_item(self, history: History) -> SampleView:
        """The next item through the run; after the last one, all items again."""
        order = ["", *history.items]
        at = order.index(self.item) if self.item in order else 0
        return replace(self, item=order[(at + 1) % len(order)])


def blocks(history: History, view: SampleView) -> Iterator[RenderableType]:
    """The samples as the side pane shows them."""
    if not history.samples:
        return
    if view.item and view.item in history.items:
        yield from _through_the_run(history, view.item)
        return
    steps = list(history.samples)
    step = view.step if view.step in history.samples else steps[-1]
    yield Text(_("Samples after step {step:,}").format(step=step), "bold")
    hint = _("evaluation {at} of {count}   , . step through   i one item")
    yield Text(hint.format(at=steps.index(step) + 1, count=len(steps)) + "\n", "dim")
    table = _table()
    for sample in history.samples[step].values():
        table.add_row(_("src"), Text(_source(sample)))
        table.add_row(_("out"), Text(one_line(sample.output), "bold"))
        if sample.reference:
            table.add_row(_("ref"), Text(one_line(sample.reference)))
        table.add_row()
    yield table


def _through_the_run(history: History, item: str) -> Iterator[RenderableType]:
    """One item: its source and reference once, then what the model made of it each time."""
    place = history.items.index(item) + 1
    title = _("Sample {at} of {count} through the run")
    yield Text(title.format(at=place, count=len(history.items)), "bold")
    yield Text(_("i the next one") + "\n", "dim")
    found = [(step, samples[item]) for step, samples in history.samples.items() if item in samples]
    table = _table()
    last = found[-1][1]
    table.add_row(_("src"), Text(_source(last)))
    if last.reference:
        table.add_row(_("ref"), Text(one_line(last.reference)))
    table.add_row()
    above = ""
    for step, sample in reversed(found):
        output = one_line(sample.output)
        is_same = output == above
        table.add_row(
            f"{step:,}", Text(_("the same") if is_same else output, "" if is_same else "bold")
        )
        test = history.test_at(step)
        if test is not None:
            score = _("test ppl {value}").format(value=number(test.score.perplexity))
            table.add_row("", Text(score, "dim"))
        above = output
    yield table


def _source(sample: Sample) -> str:
    return one_line(Pair(id=sample.id, instruction=sample.instruction).source_text)


def _table() -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    return table
