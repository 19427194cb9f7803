"""`yiwen compare`: runs side by side, and of two runs how surely they differ."""

from __future__ import annotations

import json
import math
import sys
from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine import runs_folder
from engine.catalog import Catalog, Row, finite
from engine.cli.result import COPY, as_data
from engine.cli.table import table
from engine.errors import RunError, UserError
from engine.paths import runs_root
from engine.run_settings import PEEKED
from engine.runs import Run
from engine.scores.judgement import plain_data, value
from engine.scores.translation_quality import NAMES
from engine.text import number

if TYPE_CHECKING:
    from engine.scores.comparison import Comparison


def compare(arguments: Namespace) -> int:
    """`yiwen compare [RUN…]`."""
    root = runs_root(arguments.runs)
    if arguments.run:
        wanted = [runs_folder.find(root, key) for key in arguments.run]
        rows = [Row(run, run.settings, run.summary()) for run in wanted]
    else:
        wanted = []
        rows = [row.whole() for row in Catalog(root).rows()]
    rows = [row for row in rows if row.summary.score]
    if not rows:
        raise UserError(f"no run with a result in {root}")
    rows.sort(key=_by_perplexity)
    if arguments.json:
        listed = [comparison(row) for row in rows]
        data = {"runs": listed, **_paired_data(*wanted)} if len(wanted) == 2 else listed
        print(json.dumps(data, ensure_ascii=False))
        return 0
    print(comparison_table(rows))
    if len(wanted) == 2:
        print("\n" + _paired_text(*wanted))
    return 0


def _by_item(one: Run, other: Run) -> Comparison:
    from engine.scores.comparison import compare as compare_by_item  # slow to import

    if sys.stderr.isatty():  # hundreds of items take seconds
        print("comparing item by item …", file=sys.stderr)
    return compare_by_item(one, other)


def _paired_text(one: Run, other: Run) -> str:
    from engine.cli.paired import describe

    try:
        return describe(_by_item(one, other))
    except RunError as error:
        return f"! Not compared item by item: {error}"


def _paired_data(one: Run, other: Run) -> dict[str, object]:
    try:
        return {"paired": plain_data(_by_item(one, other))}
    except RunError as error:
        return {"paired": None, "why": str(error)}


def _by_perplexity(row: Row) -> tuple[bool, float]:
    perplexity = row.summary.score.perplexity if row.summary.score else math.nan
    return math.isnan(perplexity), perplexity  # what is not a number comes last


def comparison(row: Row) -> dict[str, object]:
    """One row of `yiwen compare --json`."""
    by_direction = {key: finite(value.perplexity) for key, value in row.summary.directions.items()}
    test = row.settings.data.get("test")
    return {
        **row.as_dict(),
        "directions": by_direction,
        "test": test.sha256 if test else None,
        "judged": as_data(row.summary),
    }


def comparison_table(rows: list[Row]) -> str:
    """Runs with a score, each set against the best; below, the untranslated source."""
    scores = [row.summary.score.perplexity for row in rows if row.summary.score]
    best = min((score for score in scores if math.isfinite(score)), default=math.nan)
    header = [
        "profile", "strategy", "perplexity", "of best", "corpus", "文→白", "白→文", "BLEU", "chrF",
        "run",
    ]  # fmt: skip
    cells = [[*_cells(row, best)] for row in rows]
    text = table(header, [*cells, *_copies(rows)], right=range(2, 9))
    if any(row.settings.chosen_on_test for row in rows):
        text += f"\n{PEEKED}"
    if (files := len(_files(rows))) > 1:
        text += f"\n! These runs were scored on {files} different test files."
    if len({_signatures(row) for row in rows if row.summary.judged}) > 1:
        text += "\n! BLEU or chrF were not counted alike; `yiwen show RUN` prints the signatures."
    return text


def _signatures(row: Row) -> tuple[str, ...]:
    definition = row.summary.judged.definition if row.summary.judged else {}
    return tuple(definition.get(name, "") for name in NAMES.values())


def _cells(row: Row, best: float) -> Iterator[str]:
    score, judged = row.summary.score, row.summary.judgement
    assert score is not None
    yield row.settings.profile.name
    yield row.settings.strategy_in_full
    yield row.perplexity_text
    yield f"{score.perplexity / best:.2f}×" if math.isfinite(score.perplexity) else "–"
    yield number(score.perplexity_corpus)
    for key in ("to_modern", "to_classical"):
        of_direction = row.summary.directions.get(key)
        yield number(of_direction.perplexity if of_direction else None)
    yield number(value(judged.bleu) if judged else None)
    yield number(value(judged.chrf) if judged else None)
    yield row.run.id


def _copies(rows: list[Row]) -> Iterator[list[str]]:
    """What the source itself scores as a translation, once for each test file."""
    files = _files(rows)
    for sha256, path in files.items():
        judged = next(
            (
                row.summary.judgement
                for row in rows
                if _file(row) == (sha256, path) and row.summary.judgement
            ),
            None,
        )
        if judged and judged.source_bleu:
            scores = [number(value(judged.source_bleu)), number(value(judged.source_chrf))]
            yield ["–", COPY, *["–"] * 5, *scores, path if len(files) > 1 else ""]


def _files(rows: list[Row]) -> dict[str, str]:
    """The test files, by their content."""
    return dict(filter(None, map(_file, rows)))


def _file(row: Row) -> tuple[str, str] | None:
    test = row.settings.data.get("test")
    return (test.sha256, test.path) if test else None
