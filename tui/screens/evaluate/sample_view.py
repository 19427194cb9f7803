"""One sample in full: what was asked, what the model made of it, what it should have been."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from engine import text
from engine.judgement import FAULTS
from engine.text import direction_label, one_line, plain
from tui.results import Sample
from tui.widgets.plain_static import PlainStatic


def described(sample: Sample | None) -> Content:
    """The whole sample."""
    return Content("\n").join(_blocks(sample)) if sample else Content("")


def _blocks(sample: Sample) -> Iterator[Content]:
    counted = f"  ppl {text.number(sample.value)}, {sample.tokens} tokens" if sample.tokens else ""
    direction = f"  {direction_label(sample.direction)}"
    yield Content.assemble((one_line(sample.id), "bold"), direction, (counted, "$text-muted"))
    yield from _block("instruction", sample.instruction)
    if sample.output is not None:
        chrf = "" if sample.chrf is None else f"  chrF {text.number(sample.chrf, 1)}"
        yield from _block(f"output{chrf}", sample.output or "(nothing)", "bold")
    else:
        yield from _block("output", "not translated", "$text-muted")
    for kind, found in sample.faults.items():
        yield Content.styled(
            f"! {FAULTS.get(kind, one_line(kind))}: {one_line(found)}", "$text-warning"
        )
    yield from _block("reference", sample.reference)
    yield from _block("reference, repaired", sample.repaired)


def _block(title: str, words: str, style: str = "") -> Iterator[Content]:
    if words:
        yield Content.styled(f"\n{title}", "$primary")
        yield Content.styled(plain(words), style)


class SampleDialog(ModalScreen[None]):
    """A sample over the whole screen, where there is no room beside the table."""

    AUTO_FOCUS = "VerticalScroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss(None)", "Close", id="sample.close", tooltip="Close it"),
    ]
    DEFAULT_CSS = """
    SampleDialog .dialog { width: 96%; height: auto; padding: 0 1; }
    SampleDialog PlainStatic { width: 1fr; height: auto; }
    """

    def __init__(self, sample: Sample) -> None:
        super().__init__()
        self._sample = sample

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog") as scroll:
            scroll.border_subtitle = Content("esc close")
            yield PlainStatic()

    def on_mount(self) -> None:
        """Fill it."""
        self.query_one(PlainStatic).say(described(self._sample))
