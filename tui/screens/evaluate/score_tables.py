"""The tables of the score panel: a file and its directions; the strategies on that file."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from textual.content import Content

from engine.data.directions import direction_label
from engine.language import figures
from engine.language.plain_text import one_line
from engine.language.texts import _, marked
from engine.run.events import Score
from engine.run.judgement import Judgement, Measure, value
from tui.run.results import Result
from tui.screens.evaluate.rivals import Rival
from tui.widgets.cells import padded

_LABEL = 6
_REPAIRED = "repaired"
"""All samples, scored by the repaired references."""


@dataclass(frozen=True)
class _Column:
    key: str
    label: str
    width: int
    is_brief: bool = True
    """Shown where there is little room too."""


_SCORED = (
    _Column("macro", marked("macro"), 8),
    _Column("bounds", "95 %", 15, False),
    _Column("median", marked("median"), 8, False),
    _Column("corpus", marked("corpus"), 8),
)
_TRANSLATED = (_Column("bleu", "BLEU", 6), _Column("chrf", "chrF", 6))
_COUNTED = (
    _Column("pairs", marked("pairs"), 6, False),
    _Column("tokens", marked("tokens"), 7, False),
)


def parts_table(result: Result, *, in_full: bool) -> Content:
    """All samples and each direction: perplexity, BLEU, chrF, counts; then the source as it is."""
    evaluated, judged = result.evaluated, result.judged
    if judged is None:  # of an older version, or not yet: counts take the room of BLEU and chrF
        columns = [*(column for column in _SCORED if column.is_brief), *_COUNTED]
    else:
        every = (*_SCORED, *_TRANSLATED, *_COUNTED)
        columns = [column for column in every if in_full or column.is_brief]
    scores: dict[str, Score] = {}
    judgements: dict[str, Judgement] = {}
    if evaluated:
        scores = {"all": evaluated.score, **evaluated.directions}
    if judged:
        judgements = {"all": judged.judgement, **judged.directions}
    names = list(dict.fromkeys([*scores, *judgements]))
    if not names:
        return Content("")
    head = " " * _LABEL + "".join(
        padded(_(column.label), column.width, right=True) for column in columns
    )
    lines = [Content.styled(head, "$text-muted")]
    lines += [
        _part(name, dict(_cells(scores.get(name), judgements.get(name), result.mark)), columns)
        for name in names
    ]
    if result.repaired:
        cells = _cells(result.repaired, None, result.mark)
        lines.append(_part(_REPAIRED, dict(cells), columns))
    if judged and judged.judgement.source_bleu:
        lines.append(_copied(judged.judgement, columns))
    return Content("\n").join(lines)


def _part(name: str, cells: Mapping[str, str], columns: Sequence[_Column]) -> Content:
    own = {"all": _("all"), _REPAIRED: _("fixed")}
    label = own.get(name) or direction_label(name)
    parts: list[tuple[str, str]] = [(padded(label, _LABEL - 1) + " ", "")]
    for column in columns:
        style = "bold" if column.key == "macro" else ""
        parts.append((f"{cells.get(column.key, ''):>{column.width}}", style))
    return Content.assemble(*parts)


def _cells(
    score: Score | None, judgement: Judgement | None, mark: str
) -> Iterator[tuple[str, str]]:
    if score:
        yield "macro", figures.number(score.perplexity) + mark
        yield "corpus", figures.number(score.perplexity_corpus)
        yield "tokens", f"{score.tokens:,}"
        yield "pairs", f"{score.samples:,}"
    if judgement:
        yield "bounds", _bounds(judgement.perplexity)
        yield "median", figures.number(judgement.median)
        yield "bleu", figures.number(value(judgement.bleu), 1)
        yield "chrf", figures.number(value(judgement.chrf), 1)
        yield "pairs", f"{judgement.samples:,}"


def _bounds(measure: Measure | None) -> str:
    return figures.interval(measure.low, measure.high) if measure else ""


def _copied(judgement: Judgement, columns: Sequence[_Column]) -> Content:
    """What the untranslated source would score."""
    before = sum(c.width for c in columns if c in _SCORED)
    words = padded(_("copy the source"), _LABEL + before)
    scores = (judgement.source_bleu, judgement.source_chrf)
    numbers = (figures.number(value(one), 1) for one in scores)
    cells = (f"{number:>{c.width}}" for number, c in zip(numbers, _TRANSLATED))
    return Content.styled(words + "".join(cells), "$text-muted")


def rivals_table(rivals: Sequence[Rival], *, in_full: bool = True) -> Content:
    """`▸ qlora  16.62  ×0.20`: the strategies on this file, and their ratio to zero-shot."""
    if not rivals:
        return Content("")
    in_full = in_full and any(not math.isnan(rival.bleu) for rival in rivals)
    translated = f"{'':6}{'BLEU':>6}{'chrF':>6}" if in_full else ""
    widest = max([9, *(len(one_line(rival.strategy)) for rival in rivals)])
    strategy = padded(_("strategy"), widest)
    lines = [Content.styled(f"{'':2}{strategy}{'ppl':>7}{translated}", "$text-muted")]
    for rival in rivals:
        mark = "▸ " if rival.is_shown else "  "
        ratio = f"×{rival.ratio:.2f}" if rival.ratio == rival.ratio else ""
        ratio = (rival.mark or " ") + ratio
        name, ppl = one_line(rival.strategy), figures.number(rival.perplexity)
        words = f"{mark}{name:<{widest}}{ppl:>7}{ratio:<6}"
        if in_full:
            words += f"{figures.number(rival.bleu, 1):>6}{figures.number(rival.chrf, 1):>6}"
        lines.append(Content.styled(words.rstrip(), "bold" if rival.is_shown else ""))
    return Content("\n").join(lines)
