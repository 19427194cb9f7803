"""The page of a report, report.md: results side by side, curves, settings, samples, repetition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from engine import __version__
from engine.data.directions import direction_label
from engine.language.figures import clock, number, share
from engine.language.said import Said, Words, labelled
from engine.report import description, hyperparameters, repeating
from engine.report.curves import Curve
from engine.report.markdown import block, code, escape, escape_lines, table
from engine.report.results import TEXT_COLUMNS, pair_lines
from engine.report.results import Results as Numbers
from engine.run.settings import PEEKED
from engine.run.words import fault_detail, fault_name
from engine.scores.result_lines import SampleResult
from engine.scores.words import in_words
from engine.table.catalog import Row

SHOWN = 5
"""Samples at either end."""
Results = dict[str, list[SampleResult]]
"""Per-sample results by run id."""


def text(numbers: Numbers, curves: Sequence[Curve], results: Results, extra: str = "") -> str:
    """The whole page; `extra` is Markdown that goes before the first table."""
    now, rows = datetime.now().astimezone(), numbers.rows
    title = Said.counted("Report of a run", "Report of {count} runs", len(rows))
    parts: list[Words] = [
        _heading(1, title),
        Said(
            "Written by yiwen {version} on {time}.",
            version=__version__,
            time=f"{now:%Y-%m-%d %H:%M %Z}",
        ),
        extra,
        _heading(2, Said("Results")),
        *_results(numbers),
        *_definitions(rows),
    ]
    if curves:
        name = Said("Learning curve")
        parts += [_heading(2, name), f"![{name}](learning_curve.svg)", *_curves(curves)]
        parts.append(Said("All points: {file}.", file="[learning_curve.csv](learning_curve.csv)"))
    if any(results.values()):
        parts.append(Said("Every sample of every run: {file}.", file="[samples.csv](samples.csv)"))
    for row in rows:
        parts += _run(row, results.get(row.run.id, []))
    return "\n\n".join(str(part) for part in parts if part) + "\n"


def _heading(level: int, words: Words) -> str:
    return f"{'#' * level} {words}"


def _results(found: Numbers) -> Iterator[Words]:
    """The runs side by side, and what copying the source would score; each test file apart."""
    last = len(found.header) - 1
    for name, lines in found.groups:
        if len(found.groups) > 1:
            yield Said("Test file {file}:", file=code(name))
        cells = [
            [*map(escape, line[:last]), code(line[last]) if line[last] else ""] for line in lines
        ]
        yield table(found.header, cells, range(TEXT_COLUMNS, last))
    if any(row.settings.chosen_on_test for row in found.rows):
        yield escape(PEEKED)
    if len(found.groups) > 1:
        yield Said(
            "These runs were scored on {count} different test files.", count=len(found.groups)
        )
    header, lines = pair_lines(found)
    if lines:
        yield Said(
            "Mean perplexity, every pair of a test file; p by approximate randomisation, corrected "
            "for the number of pairs by Holm's method."
        )
        yield table(
            header,
            [[*map(code, line[:2]), *map(escape, line[2:])] for line in lines],
            range(2, len(header)),
        )
    files = "[results.csv](results.csv), [results.tex](results.tex)"
    yield Said("The same for programs and papers: {files}.", files=files)


def _hyperparameters(row: Row) -> str:
    lines = [[escape(name), escape_lines(value)] for name, value in hyperparameters.of_run(row)]
    return table([Said("setting"), Said("value")], lines)


def _definitions(rows: Sequence[Row]) -> Iterator[Words]:
    """How the numbers are defined: once where all runs agree, else of each."""
    of_all: dict[str, list[str]] = {}
    for row in rows:
        both = row.summary.defined()
        both |= row.summary.judged.defined() if row.summary.judged else {}
        for key, words in in_words(both).items():
            known = of_all.setdefault(key, [])
            if words not in known:
                known.append(words)
    lines = [
        f"- {labelled(escape(key), escape(' / '.join(words)))}" for key, words in of_all.items()
    ]
    if lines:
        yield Said("How they are defined; a slash stands between the values of runs that differ:")
        yield "\n".join(lines)


def _curves(curves: Sequence[Curve]) -> Iterator[Words]:
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
        yield Said("{name}, {run}:", name=escape(curve.label), run=code(curve.run))
        header = [
            Said("step"),
            Said("of all"),
            Said("test"),
            Said("corpus"),
            Said("validation"),
            Said("training loss"),
            Said("time"),
        ]
        yield table(header, rows, range(7))


def _run(row: Row, results: Sequence[SampleResult]) -> Iterator[Words]:
    yield _heading(2, escape(row.run.id))
    yield table(["", ""], list(description.facts(row)))
    yield _heading(3, Said("Hyper-parameters"))
    yield _hyperparameters(row)
    yield _heading(3, Said("Settings that are not yiwen's defaults"))
    yield description.settings(row)
    yield _heading(3, Said("Prompt"))
    yield from description.prompt(row)
    if row.summary.judgement and row.summary.judgement.outputs:
        yield _heading(3, Said("What is wrong with its outputs"))
        yield _faults(row)
    scored = [result for result in results if result.perplexity is not None]
    if scored:
        scored.sort(key=lambda result: -(result.perplexity or 0))
        shown = min(SHOWN, (len(scored) + 1) // 2)
        worst = Said.counted("Worst {count} sample", "Worst {count} samples", shown)
        yield _heading(3, worst)
        yield _samples(scored[:shown])
        best = Said.counted("Best {count} sample", "Best {count} samples", shown)
        yield _heading(3, best)
        yield _samples(scored[: -shown - 1 : -1])
    yield _heading(3, Said("To repeat it"))
    yield block("\n".join(repeating.commands(row.run)))


def _faults(row: Row) -> Words:
    judged = row.summary.judgement
    assert judged is not None
    rows: list[list[Words]] = [
        [
            escape(fault_name(kind)),
            Said("{count} of {total}", count=fault.count, total=judged.outputs),
            share(fault.count, judged.outputs),
            escape(labelled(fault.id, f"{fault_detail(fault.found)} {fault.output}"))
            if fault.count
            else "",
        ]
        for kind, fault in judged.faults.items()
    ]
    header = [Said("outputs"), Said("number"), Said("share"), Said("such as")]
    return table(header, rows, (1, 2)) if rows else Said("None.")


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
    header: list[Words] = [
        Said("id"),
        "",
        Said("perplexity"),
        Said("instruction"),
        Said("output"),
        Said("reference"),
    ]
    return table(header, rows, (2,))
