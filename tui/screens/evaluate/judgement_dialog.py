"""All that is known of a result, over the whole screen: by direction, faults, definitions."""

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
from engine.language.said import Words, labelled
from engine.language.texts import _, plural
from engine.run import words as wording
from engine.run.events import Judged
from engine.run.judgement import Judgement, Measure
from engine.scores.words import in_words
from tui.run.results import Result
from tui.widgets.cells import padded
from tui.widgets.plain_static import PlainStatic


def described(result: Result) -> Content:
    """Every score with its interval, an example of every fault, and every definition."""
    blocks = []
    if result.judged:
        blocks += [*_scores(result.judged), *_faults(result.judged.judgement)]
    else:
        blocks.append(Content(_("This run was scored for its perplexity only.")))
    blocks += _definitions(result)
    return Content("\n").join(blocks)


def _scores(judged: Judged) -> Iterator[Content]:
    for name, part in {"all": judged.judgement, **judged.directions}.items():
        label = _("all") if name == "all" else direction_label(name)
        pairs = plural("{count:,} pair", "{count:,} pairs", part.samples).format(count=part.samples)
        yield Content.assemble((label, "$primary"), ("  " + pairs, "$text-muted"))
        for title, measure in (
            (_("perplexity, mean"), part.perplexity),
            (_("perplexity, median"), Measure(part.median) if part.median is not None else None),
            (_("perplexity, corpus"), part.corpus),
            ("BLEU", part.bleu),
            (_("BLEU of the source"), part.source_bleu),
            ("chrF", part.chrf),
            (_("chrF of the source"), part.source_chrf),
        ):
            if measure:
                yield _measure(title, measure)
        yield Content("")


def _measure(title: str, measure: Measure) -> Content:
    bounds = figures.interval(measure.low, measure.high)
    number = f"{figures.number(measure.value):>9}"
    return Content.assemble(padded(title, 20), (number, "bold"), (f"   {bounds}", "$text-muted"))


def _faults(judgement: Judgement) -> Iterator[Content]:
    if not judgement.outputs:
        return
    outputs = plural("of {count:,} output", "of {count:,} outputs", judgement.outputs).format(
        count=judgement.outputs
    )
    yield Content.assemble((_("faults"), "$primary"), ("  " + outputs, "$text-muted"))
    for kind, fault in judgement.faults.items():
        label = wording.fault_name(kind)
        if not fault.count:
            yield Content.styled(f"{0:>5}         {label}", "$text-muted")
            continue
        share = figures.share(fault.count, judgement.outputs)
        yield Content.styled(f"{fault.count:>5}  {share:>6} {label}", "$text-warning")
        said = labelled(one_line(fault.id), wording.fault_detail(fault.found))
        yield Content(f"       {said}")
        if fault.output:
            yield Content.styled(f"       {one_line(fault.output)}", "$text-muted")
    yield Content("")


def _definitions(result: Result) -> Iterator[Content]:
    said: dict[str, Words] = {}
    if result.evaluated:
        said |= result.evaluated.defined()
    if result.judged:
        said |= result.judged.defined()
    if said:
        yield Content.styled(_("definition"), "$primary")
    for key, words in in_words(said).items():
        yield Content.assemble((str(labelled(one_line(key), "")), "$text-muted"), plain(words))


class JudgementDialog(ModalScreen[None]):
    """Shows it; esc closes."""

    AUTO_FOCUS = "VerticalScroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,enter,d,q", "dismiss(None)", "Close", id="judgement.close", tooltip="Close it"
        )
    ]
    DEFAULT_CSS = """
    JudgementDialog PlainStatic { width: 1fr; height: auto; }
    """

    def __init__(self, result: Result) -> None:
        super().__init__()
        self._result = result

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog -broad") as scroll:
            scroll.border_subtitle = Content(_("esc close"))
            yield PlainStatic()

    def on_mount(self) -> None:
        """Fill it."""
        self.query_one(PlainStatic).say(described(self._result))
