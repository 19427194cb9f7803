"""The page of a report, report.md: results side by side, curves, settings, samples, repetition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice

from engine import __version__
from engine.catalog import Row
from engine.perplexity import SampleResult
from engine.report import description, repeating
from engine.report.curves import Curve
from engine.report.markdown import block, code, escape, escape_lines, table
from engine.run_settings import PEEKED
from engine.scores import score_table
from engine.scores.judgement import FAULTS
from engine.text import clock, counted, direction_label, number, share

SHOWN = 5
"""Samples at either end."""
Results = dict[str, list[SampleResult]]
"""Per-sample results by run id."""


def text(rows: Sequence[Row], curves: Sequence[Curve], results: Results, extra: str = "") -> str:
    """The whole page; `extra` is Markdown that goes before the first table."""
    now = datetime.now().astimezone()
    parts = [
        f"# {'Report of a run' if len(rows) == 1 else f'Report of {len(rows)} runs'}",
        f"Written by yiwen {__version__} on {now:%Y-%m-%d %H:%M %Z}.",
        extra,
        "## Results",
        _results(rows),
        *_definitions(rows),
    ]
    if curves:
        parts += ["## Learning curve", "![Learning curve](learning_curve.svg)", *_curves(curves)]
        parts.append("All points: [learning_curve.csv](learning_curve.csv).")
    if any(results.values()):
        parts.append("Every sample of every run: [samples.csv](samples.csv).")
    for row in rows:
        parts += _run(row, results.get(row.run.id, []))
    return "\n\n".join(part for part in parts if part) + "\n"


def _results(rows: Sequence[Row]) -> str:
    """The runs side by side, and what copying the source would score."""
    best, files = score_table.best_of(rows), score_table.scored_files(rows)
    header = ["profile", "strategy", "perplexity", "of best", "corpus", "文→白", "白→文"]
    header += ["BLEU", "chrF"] if any(row.summary.judgement for row in rows) else []
    shown = len(header) - 2  # of the cells of scores
    lines = [
        [
            escape(row.settings.profile.name),
            row.settings.strategy_in_full,
            *map(escape, islice(score_table.cells(row, best), shown)),
            code(row.run.id),
        ]
        for row in rows
    ]
    for file, cells in score_table.cells_of_copies(rows):
        lines.append(["–", "copy the source", *cells, f"test {code(file.sha256[:12])}"])
    said = [table([*header, "run"], lines, range(2, len(header)))]
    if any(row.settings.chosen_on_test for row in rows):
        said.append(escape(PEEKED))
    if len(files) > 1:
        said.append(f"These runs were scored on {len(files)} different test files.")
    return "\n\n".join(said)


def _definitions(rows: Sequence[Row]) -> Iterator[str]:
    """How the numbers are defined: once where all runs agree, else of each."""
    of_all: dict[str, list[str]] = {}
    for row in rows:
        both = {**row.summary.definition}
        both |= row.summary.judged.definition if row.summary.judged else {}
        for key, words in both.items():
            known = of_all.setdefault(key, [])
            if words not in known:
                known.append(words)
    lines = [f"- {escape(key)}: {escape(' / '.join(words))}" for key, words in of_all.items()]
    if lines:
        yield "How they are defined; a slash stands between the values of runs that differ:"
        yield "\n".join(lines)


def _curves(curves: Sequence[Curve]) -> Iterator[str]:
    for curve in curves:
        rows = [
            [
                str(point.step),
                f"{point.step / curve.steps:.0%}" if curve.steps else "–",
                *map(number, (point.test, point.test_corpus, point.validation)),
                number(point.loss, 3),
                clock(point.seconds),
            ]
            for point in curve.points
        ]
        yield f"{escape(curve.label)}, {code(curve.run)}:"
        header = ["step", "of all", "test", "corpus", "validation", "training loss", "time"]
        yield table(header, rows, range(7))


def _run(row: Row, results: Sequence[SampleResult]) -> Iterator[str]:
    yield f"## {escape(row.run.id)}"
    yield table(["", ""], [[name, shown] for name, shown in description.facts(row)])
    yield "### Settings that are not yiwen's defaults"
    yield description.settings(row)
    yield "### Prompt"
    yield from description.prompt(row)
    if row.summary.judgement and row.summary.judgement.outputs:
        yield "### What is wrong with its outputs"
        yield _faults(row)
    scored = [result for result in results if result.perplexity is not None]
    if scored:
        scored.sort(key=lambda result: -(result.perplexity or 0))
        shown = min(SHOWN, (len(scored) + 1) // 2)
        yield f"### Worst {counted(shown, 'sample')}"
        yield _samples(scored[:shown])
        yield f"### Best {counted(shown, 'sample')}"
        yield _samples(scored[: -shown - 1 : -1])
    yield "### To repeat it"
    yield block("\n".join(repeating.commands(row.run)))


def _faults(row: Row) -> str:
    judged = row.summary.judgement
    assert judged is not None
    rows = [
        [
            escape(FAULTS.get(kind, kind)),
            f"{fault.count} of {judged.outputs}",
            share(fault.count, judged.outputs),
            escape(f"{fault.id}: {fault.found} {fault.output}") if fault.count else "",
        ]
        for kind, fault in judged.faults.items()
    ]
    return table(["outputs", "number", "share", "such as"], rows, (1, 2)) if rows else "None."


def _samples(results: Sequence[SampleResult]) -> str:
    rows = [
        [
            code(result.id),
            direction_label(result.direction),
            number(result.perplexity),
            escape_lines(result.instruction),
            escape_lines(result.output) if result.output is not None else "–",
            escape_lines(result.reference),
        ]
        for result in results
    ]
    return table(["id", "", "perplexity", "instruction", "output", "reference"], rows, (2,))
