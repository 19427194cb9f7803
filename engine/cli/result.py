"""The result of a run in words: perplexity, BLEU and chrF with intervals, faults, definitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.cli.table import table
from engine.directions import LABELS
from engine.events import Judged, Score
from engine.run_settings import PEEKED
from engine.runs import Run
from engine.scores.judgement import FAULTS, Judgement, Measure, plain_data, value
from engine.summary import Summary
from engine.text import counted, interval, number, one_line, share

COPY = "copy the source"
"""The row of what doing nothing would score."""
_INTERVAL = "95 % interval"


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
        return f"{run.id}: no score"
    parts = []
    if summary.score is not None:
        parts.append(_perplexities(summary, summary.score, run.settings.mark))
        if run.settings.chosen_on_test:
            parts.append(PEEKED)
        parts.append(definition_line(summary.definition))
    if judged is not None:
        parts.append(_translations(judged))
        parts.append("\n".join(_faults(judged.judgement)))
        parts.append(definition_line(judged.definition))
    return "\n".join(part for part in parts if part)


def definition_line(definition: Mapping[str, str]) -> str:
    """How numbers are defined."""
    return "; ".join(f"{key}: {one_line(words)}" for key, words in definition.items())


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
        rows.append(["all, references repaired", *scores, str(one.samples), str(one.tokens)])
    header = ["test file", "perplexity", "corpus", "samples", "tokens"]
    if judged:
        header[2:3] = [_INTERVAL, "median", "corpus", _INTERVAL]
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
            label = COPY if one is judged.judgement else f"{COPY}, {name}"
            rows.append(_translation_row(label, one.source_bleu, one.source_chrf))
    header = ["translations", "BLEU", _INTERVAL, "chrF", _INTERVAL]
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
        part = f"{fault.count} of {counted(judgement.outputs, 'output')}"
        shown = f"{fault.found}: {fault.output}" if fault.output else fault.found
        yield (
            f"! {part} ({share(fault.count, judgement.outputs)}) {FAULTS.get(kind, kind)}, "
            f"e.g. {one_line(fault.id)}: {one_line(shown)}"
        )
    clean = [FAULTS.get(kind, kind) for kind, fault in judgement.faults.items() if not fault.count]
    if clean:
        yield f"none: {', '.join(clean)}"


def _by_part(whole: Any, directions: Mapping[str, Any]) -> dict[str, Any]:
    labels: dict[str, str] = {str(key): label for key, label in LABELS.items()}
    known = {labels[key]: part for key, part in directions.items() if key in labels}
    return {"all": whole, **known}
