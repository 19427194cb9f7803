"""The result of an evaluation: the number, what it is made of, and how other strategies did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Digits

from engine import text
from engine.events import Evaluated, Score
from engine.text import direction_label, one_line
from tui.screens.evaluate.rivals import Rival
from tui.widgets.plain_static import PlainStatic


class ScorePanel(Vertical):
    """Four lines and the definition under them."""

    DEFAULT_CSS = """
    ScorePanel {
        height: auto;
        #numbers { height: 4; }
        #big { width: auto; margin-right: 2; Digits { width: auto; color: $text-success; } }
        #big PlainStatic { width: auto; color: $text-muted; }
        #parts, #rivals { width: auto; height: 4; margin-right: 2; }
        #definition { height: auto; max-height: 2; color: $text-muted; }
    }
    """

    def compose(self) -> ComposeResult:
        with Horizontal(id="numbers"):
            with Vertical(id="big"):
                yield PlainStatic(id="caption")
                yield Digits()
            yield PlainStatic(id="parts")
            yield PlainStatic(id="rivals")
        yield PlainStatic(id="definition")

    def on_mount(self) -> None:
        """A heading for the one number that has none."""
        self.query_one("#caption", PlainStatic).say("perplexity")

    def show(self, evaluated: Evaluated | None, rivals: Sequence[Rival]) -> None:
        """Show a result; None for a run that only translates."""
        number = text.number(evaluated.score.perplexity) if evaluated else "–"
        digits = self.query_one(Digits)
        if digits.value != number:
            digits.update(number)
        self.query_one("#parts", PlainStatic).say(parts_table(evaluated))
        self.query_one("#rivals", PlainStatic).say(rivals_table(rivals))
        self.query_one("#definition", PlainStatic).say(definition_line(evaluated))


def parts_table(evaluated: Evaluated | None) -> Content:
    """All samples and each direction: macro and corpus perplexity, and what was counted."""
    if evaluated is None:
        return Content("")
    scores = {"all": evaluated.score}
    scores |= {direction_label(name): score for name, score in evaluated.directions.items()}
    head = f"{'':6}{'macro':>8}{'corpus':>8}{'pairs':>6}{'tokens':>7}"
    lines = [Content.styled(head, "$text-muted")]
    return Content("\n").join([*lines, *_parts(scores)])


def _parts(scores: dict[str, Score]) -> Iterator[Content]:
    for label, score in scores.items():
        padding = " " * max(1, 6 - Content(label).cell_length)
        yield Content.assemble(
            label + padding,
            (f"{text.number(score.perplexity):>8}", "bold"),
            f"{text.number(score.perplexity_corpus):>8}{score.samples:>6,}{score.tokens:>7,}",
        )


def rivals_table(rivals: Sequence[Rival]) -> Content:
    """`▸ qlora  16.62  ×0.20`: the strategies on this file, and their ratio to zero-shot."""
    if not rivals:
        return Content("")
    lines = [Content.styled(f"{'':2}{'strategy':<9}{'ppl':>7}", "$text-muted")]
    for rival in rivals:
        mark = "▸ " if rival.is_shown else "  "
        ratio = f" ×{rival.ratio:.2f}" if rival.ratio == rival.ratio else ""
        words = f"{mark}{one_line(rival.strategy):<9}{text.number(rival.perplexity):>7}{ratio}"
        lines.append(Content.styled(words, "bold" if rival.is_shown else ""))
    return Content("\n").join(lines)


def definition_line(evaluated: Evaluated | None) -> Content:
    """How the number is defined."""
    if evaluated is None:
        return Content("This run only translates; nothing was scored.")
    said = evaluated.definition
    parts = [f"{one_line(key)}: {one_line(value)}" for key, value in said.items()]
    return Content("; ".join(parts))
