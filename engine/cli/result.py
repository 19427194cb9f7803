"""The result of a run in words: perplexity, BLEU and chrF with intervals, faults, definitions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from engine.cli.table import table
from engine.data.directions import LABELS
from engine.language import counted
from engine.language.figures import interval, number, share
from engine.language.plain_text import one_line
from engine.language.said import Words, labelled
from engine.language.texts import _, marked
from engine.run.events import Judged, Score
from engine.run.folder import Run
from engine.run.judgement import Judgement, Measure, plain_data, value
from engine.run.settings import PEEKED, RunSettings
from engine.run.summary import Summary
from engine.run.words import choice_word, fault_detail, fault_name, worse_words
from engine.scores.words import in_words

COPY = marked("copy the source")
"""The row of what doing nothing would score."""
_INTERVAL = marked("95 % interval")


def as_data(summary: Summary) -> Any:
    """What stands beside perplexity, for `--json`; None if nothing does."""
    if summary.judged is None:
        return None
    data = plain_data(summary.judged)
    return {key: data[key] for key in ("judgement", "directions", "definition")}


def describe_result(run: Run, summary: Summary) -> str:
    """The scores, by direction, what is wrong with the outputs, and how it all is defined."""
    judged = summary.judged
    if summary.score is None and judged is None:
        return _("{run}: no score").format(run=run.id)
    parts = []
    if summary.score is not None:
        parts.append(_perplexities(summary, summary.score, run.settings.mark))
        if run.settings.chosen_on_test:
            parts.append(str(PEEKED))
        parts += beside(run.settings, summary)
        parts.append(definition_line(summary.defined()))
    if judged is not None:
        parts.append(_translations(judged))
        parts.append("\n".join(_faults(judged.judgement)))
        parts.append(definition_line(judged.defined()))
    return "\n".join(part for part in parts if part)


def beside(settings: RunSettings, summary: Summary) -> Iterator[str]:
    """What stands beside a trained run's perplexity: validation, the untuned model."""
    if settings.chosen_by and not math.isnan(summary.validation):
        said = _("validation perplexity {value}; checkpoint chosen by {part}")
        part = choice_word(settings.chosen_by)
        yield said.format(value=number(summary.validation), part=part)
    if summary.is_worse:
        yield "! " + worse_words(summary.untuned)
    elif not math.isnan(summary.untuned):
        yield _("untuned {value}").format(value=number(summary.untuned))


def definition_line(definition: Mapping[str, Words]) -> str:
    """How numbers are defined."""
    return _("; ").join(
        str(labelled(key, one_line(words))) for key, words in in_words(definition).items()
    )


def _perplexities(summary: Summary, score: Score, mark: str) -> str:
    judged = summary.judged
    rows = []
    for name, one in _by_part(score, summary.directions).items():
        of_part = _by_part(judged.judgement, judged.directions).get(name) if judged else None
        rows.append(
            [
                name,
                number(one.perplexity) + mark,
                *([_bounds(of_part.perplexity), number(of_part.median)] if of_part else []),
                number(one.perplexity_corpus),
                *([_bounds(of_part.corpus)] if of_part else []),
                str(one.samples),
                str(one.tokens),
            ]
        )
    if summary.repaired:
        one = summary.repaired
        scores = [number(one.perplexity) + mark, number(one.perplexity_corpus)]
        label = _("all, references repaired")
        rows.append([label, *scores, str(one.samples), str(one.tokens)])
    header = [_("test file"), _("perplexity"), _("corpus"), _("samples"), _("tokens")]
    if judged:
        header[2:3] = [_(_INTERVAL), _("median"), _("corpus"), _(_INTERVAL)]
    return table(header, _filled(rows, len(header)), right=range(1, len(header)))


def _filled(rows: list[list[str]], width: int) -> list[list[str]]:
    """Rows of parts that were not judged get gaps."""
    return [row if len(row) == width else [*row[:2], "", "", row[2], "", *row[3:]] for row in rows]


def _translations(judged: Judged) -> str:
    rows = []
    parts = _by_part(judged.judgement, judged.directions)
    for name, one in parts.items():
        if one.bleu or one.chrf:
            rows.append(_translation_row(name, one.bleu, one.chrf))
    for name, one in parts.items():
        if one.source_bleu or one.source_chrf:
            label = _(COPY)
            if one is not judged.judgement:
                label = _("copy the source, {direction}").format(direction=name)
            rows.append(_translation_row(label, one.source_bleu, one.source_chrf))
    header = [_("translations"), _("BLEU"), _(_INTERVAL), _("chrF"), _(_INTERVAL)]
    return table(header, rows, right=(1, 2, 3, 4)) if rows else ""


def _translation_row(name: str, bleu: Measure | None, chrf: Measure | None) -> list[str]:
    return [name, number(value(bleu)), _bounds(bleu), number(value(chrf)), _bounds(chrf)]


def _bounds(measure: Measure | None) -> str:
    return interval(measure.low, measure.high) if measure else ""


def _faults(judgement: Judgement) -> Iterator[str]:
    """A line for each kind of fault found, with one to look at; one line for the others."""
    if not judgement.outputs:
        return
    for kind, fault in judgement.found.items():
        found = fault_detail(fault.found)
        yield _("! {count} of {outputs} ({share}) {fault}, e.g. {id}: {found}").format(
            count=fault.count,
            outputs=counted.outputs(judgement.outputs),
            share=share(fault.count, judgement.outputs),
            fault=fault_name(kind),
            id=one_line(fault.id),
            found=labelled(found, one_line(fault.output)) if fault.output else found,
        )
    clean = [fault_name(kind) for kind, fault in judgement.faults.items() if not fault.count]
    if clean:
        yield _("none: {faults}").format(faults=_(", ").join(clean))


def _by_part(whole: Any, directions: Mapping[str, Any]) -> dict[str, Any]:
    labels: dict[str, str] = {str(key): label for key, label in LABELS.items()}
    known = {labels[key]: part for key, part in directions.items() if key in labels}
    return {_("all"): whole, **known}
