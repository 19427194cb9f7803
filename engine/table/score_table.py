"""The scores of runs as cells of a table, and those of copying what was to be translated."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from engine.language.figures import number
from engine.language.said import Words
from engine.run.judgement import metric_values
from engine.run.settings import DataFile
from engine.run.words import choice_word
from engine.table.catalog import Row
from engine.table.row_facts import perplexity_of


def best_of(rows: Iterable[Row]) -> float:
    """The lowest perplexity; nan if there is none."""
    return min(filter(math.isfinite, map(perplexity_of, rows)), default=math.nan)


def of_best(value: float, best: float) -> str:
    """As a multiple of the best; `–` where there is none, or it is 0, which no perplexity is."""
    multiple = value / best if best else math.nan
    return f"{multiple:.2f}×" if math.isfinite(multiple) else "–"


def cells(row: Row, best: float, digits: int = 2) -> Iterator[str]:
    """Perplexity, as a multiple of the best, corpus, 文→白, 白→文, validation, METRICS.

    `digits` are those of the metrics.
    """
    summary, perplexity = row.summary, perplexity_of(row)
    yield row.perplexity_text
    yield of_best(perplexity, best)
    yield number(summary.score.perplexity_corpus if summary.score else None)
    for name in ("to_modern", "to_classical"):
        part = summary.directions.get(name)
        yield number(part.perplexity if part else None)
    yield number(summary.validation)
    yield from (number(one, digits) for one in metric_values(summary.judgement).values())


def chosen_by(row: Row) -> Words:
    """What picked the checkpoint that was scored, in words; `–` if nothing did."""
    return choice_word(row.settings.chosen_by) if row.settings.chosen_by else "–"


def values(row: Row) -> list[float]:
    """The numbers behind `cells`, without the multiple of the best; nan where there is none."""
    summary = row.summary
    parts = [summary.directions.get(name) for name in ("to_modern", "to_classical")]
    return [
        perplexity_of(row),
        summary.score.perplexity_corpus if summary.score else math.nan,
        *(part.perplexity if part else math.nan for part in parts),
        summary.validation,
        *metric_values(summary.judgement).values(),
    ]


def cells_of_copies(rows: Sequence[Row], digits: int = 2) -> list[tuple[DataFile, list[str]]]:
    """Each test file, with what its source itself scores as a translation, in the same cells."""
    found = {}
    for row in rows:
        test, judged = row.settings.data.get("test"), row.summary.judgement
        if test and judged and judged.source_bleu and test.sha256 not in found:
            quality = metric_values(judged, "source_").values()
            found[test.sha256] = test, ["–"] * 6 + [number(one, digits) for one in quality]
    return list(found.values())


def scored_files(rows: Iterable[Row]) -> list[DataFile]:
    """The files that runs were scored on, each content once."""
    files = (row.settings.data.get("test") for row in rows)
    return list({file.sha256: file for file in files if file}.values())
