"""The result of an evaluation: the number, what it is made of, and how other strategies did."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Digits

from engine.language import figures
from engine.language.plain_text import one_line
from engine.language.said import Words, labelled
from engine.language.texts import _, plural
from engine.run import words as wording
from engine.run.events import Judged
from engine.run.settings import PEEKED
from engine.scores.words import in_words
from tui.run.results import Result
from tui.screens.evaluate.rivals import Rival
from tui.screens.evaluate.score_tables import parts_table, rivals_table
from tui.widgets.plain_static import PlainStatic

_ROOMY = 126
"""Columns from which the tables are shown with all that is known."""


class ScorePanel(Vertical):
    """Numbers in a few lines, what is wrong with the outputs, and the definition under them."""

    DEFAULT_CSS = """
    ScorePanel {
        height: auto;
        #numbers { height: auto; max-height: 6; }
        #big { width: auto; height: auto; margin-right: 2; }
        #big Digits { width: auto; color: $text-success; }
        #big PlainStatic { width: auto; color: $text-muted; }
        #parts, #rivals { width: auto; height: auto; margin-right: 2; }
        #faults { height: 1; text-wrap: nowrap; text-overflow: ellipsis; color: $text-warning; }
        #faults.-clean { color: $text-muted; }
        #warnings { height: auto; max-height: 2; color: $text-warning; }
        #definition { height: auto; max-height: 2; color: $text-muted; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.result: Result | None = None
        """What is shown."""
        self._rivals: Sequence[Rival] = ()

    def compose(self) -> ComposeResult:
        with Horizontal(id="numbers"):
            with Vertical(id="big"):
                yield PlainStatic(id="caption")
                yield Digits()
                yield PlainStatic(id="interval")
            yield PlainStatic(id="parts")
            yield PlainStatic(id="rivals")
        yield PlainStatic(id="faults")
        yield PlainStatic(id="warnings")
        yield PlainStatic(id="definition")

    def on_mount(self) -> None:
        """A heading for the one number that has none."""
        self.query_one("#caption", PlainStatic).say(_("perplexity"))

    def on_resize(self) -> None:
        """Show as much as there is room for."""
        self._fill_tables()

    def show(self, result: Result, rivals: Sequence[Rival]) -> None:
        """Show a result, and those of the other strategies."""
        self.result, self._rivals = result, rivals
        evaluated, judged = result.evaluated, result.judged
        number = figures.number(evaluated.score.perplexity) if evaluated else "–"
        digits = self.query_one(Digits)
        if digits.value != number:
            digits.update(number)
        self.query_one("#caption", PlainStatic).say(_("perplexity") + result.mark)
        interval = self.query_one("#interval", PlainStatic)
        interval.say(_interval(judged))
        interval.display = judged is not None
        self._fill_tables()
        faults = self.query_one("#faults", PlainStatic)
        faults.say(faults_line(judged))
        faults.display = judged is not None and judged.judgement.outputs > 0
        faults.set_class(judged is not None and not judged.judgement.found, "-clean")
        warnings = self.query_one("#warnings", PlainStatic)
        warnings.say("\n".join(f"! {one_line(words)}" for words in result.warnings))
        warnings.display = bool(result.warnings)
        self.query_one("#definition", PlainStatic).say(definition_line(result))

    def _fill_tables(self) -> None:
        if self.result is None:
            return
        is_roomy = self.size.width >= _ROOMY
        self.query_one("#parts", PlainStatic).say(parts_table(self.result, in_full=is_roomy))
        self.query_one("#rivals", PlainStatic).say(rivals_table(self._rivals, in_full=is_roomy))


def _interval(judged: Judged | None) -> str:
    measure = judged.judgement.perplexity if judged else None
    return figures.interval(measure.low, measure.high) if measure else ""


def faults_line(judged: Judged | None) -> Content:
    """How many outputs have which faults."""
    if judged is None:
        return Content("")
    outputs, found = judged.judgement.outputs, judged.judgement.found
    if not found:
        looked_for = _(", ").join(map(wording.fault_name, judged.judgement.faults))
        nothing = plural(
            "none of {count:,} output {faults}", "none of {count:,} outputs {faults}", outputs
        )
        return Content(nothing.format(count=outputs, faults=looked_for))
    parts = [
        _("{count:,} {fault} ({share}, {id})").format(
            count=fault.count,
            fault=wording.fault_name(kind),
            share=figures.share(fault.count, outputs),
            id=one_line(fault.id),
        )
        for kind, fault in found.items()
    ]
    said = plural("! {count:,} output: {faults}", "! {count:,} outputs: {faults}", outputs)
    return Content(said.format(count=outputs, faults=_(", ").join(parts)))


def definition_line(result: Result) -> Content:
    """How the numbers are defined."""
    said: dict[str, Words] = {}
    if result.evaluated:
        said |= result.evaluated.defined()
    if result.judged:
        said |= result.judged.defined()
    words = _("; ").join(
        str(labelled(one_line(key), one_line(value))) for key, value in in_words(said).items()
    )
    if result.mark:
        words = f"{PEEKED} {words}"
    if result.evaluated is None:
        untold = _("This run only translates; it has no perplexity. {definition}")
        words = untold.format(definition=words).rstrip()
    return Content(words)
