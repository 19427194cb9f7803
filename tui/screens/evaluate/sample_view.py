"""One sample in full: what was asked, what the model made of it, what it should have been."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from engine.data.directions import direction_label
from engine.language import figures
from engine.language.plain_text import one_line, plain
from engine.language.said import labelled
from engine.language.texts import _, plural
from engine.run import words as wording
from engine.scores import items
from engine.scores.items import Item
from engine.scores.result_lines import SampleResult
from tui.widgets.plain_static import PlainStatic


def described(item: Item | None, run: str = "", other: str = "") -> Content:
    """The whole item; with the answer of another run, where there is one."""
    return Content("\n").join(_blocks(item, run, other)) if item else Content("")


def _blocks(item: Item, run: str, other: str) -> Iterator[Content]:
    sample = item.sample
    counted = ""
    if sample.tokens:
        counted = plural("ppl {value}, {count} token", "ppl {value}, {count} tokens", sample.tokens)
        counted = "  " + counted.format(value=figures.number(sample.value), count=sample.tokens)
    direction = f"  {direction_label(sample.direction)}"
    yield Content.assemble((one_line(sample.id), "bold"), direction, (counted, "$text-muted"))
    yield from _block(_("instruction"), sample.instruction)
    of_run = _("output of {run}")
    yield from _answer(sample, of_run.format(run=one_line(run)) if item.other else _("output"))
    if item.other is not None:
        yield from _answer(item.other, of_run.format(run=one_line(other)), with_perplexity=True)
    yield from _block(_("reference"), sample.reference)
    yield from _block(_("reference, repaired"), sample.repaired)


def _answer(
    sample: SampleResult, title: str, *, with_perplexity: bool = False
) -> Iterator[Content]:
    """What a model made of it, and what is wrong with that."""
    if with_perplexity:
        title += f"  ppl {figures.number(sample.value)}"
    if sample.output is None:
        yield from _block(title, _("not translated"), "$text-muted")
        return
    chrf = "" if sample.chrf is None else f"  chrF {figures.number(sample.chrf, 1)}"
    yield from _block(f"{title}{chrf}", sample.output or _("(nothing)"), "bold")
    for kind, found in sample.faults.items():
        said = labelled(wording.fault_name(kind), wording.fault_detail(found))
        yield Content.styled(f"! {said}", "$text-warning")


def _block(title: str, words: str, style: str = "") -> Iterator[Content]:
    if words:
        yield Content.styled(f"\n{title}", "$primary")
        yield Content.styled(plain(words), style)


class SampleDialog(ModalScreen[None]):
    """A sample over the whole screen, where there is no room beside the table."""

    AUTO_FOCUS = "VerticalScroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss(None)", "Close", id="sample.close", tooltip="Close it"),
        Binding(
            "y",
            "copy",
            "Copy",
            id="sample.copy",
            tooltip="Send the sample as Markdown to the clipboard of your own machine",
        ),
    ]
    DEFAULT_CSS = """
    SampleDialog PlainStatic { width: 1fr; height: auto; }
    """

    def __init__(self, item: Item, run: str, other: str) -> None:
        super().__init__()
        self._item, self._runs = item, (run, other)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog -broad") as scroll:
            scroll.border_subtitle = Content(_("y copy   esc close"))
            yield PlainStatic()

    def on_mount(self) -> None:
        """Fill it."""
        self.query_one(PlainStatic).say(described(self._item, *self._runs))

    def action_copy(self) -> None:
        """Send it to the clipboard by way of the terminal."""
        run, other = self._runs
        self.app.copy_to_clipboard(items.content([self._item], run, other, ".md"))
        self.notify(_("Sample sent to clipboard"), timeout=3)
