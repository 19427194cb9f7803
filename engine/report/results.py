"""The results of a report as tables of plain text, for Markdown, CSV and LaTeX alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.language import sheets
from engine.language.figures import interval
from engine.language.said import Said, Words, listed
from engine.report import hyperparameters, latex
from engine.run.judgement import METRICS
from engine.scores import every_pair
from engine.scores.every_pair import Pair
from engine.table import score_table
from engine.table.catalog import Row
from engine.table.standing import Entry, Standing, seed_in_words, standings

TEXT_COLUMNS = 2
"""Profile and strategy; what follows are numbers, but the last, the run."""


@dataclass(frozen=True)
class Results:
    """All that is said of several runs by numbers."""

    header: list[Words]
    groups: list[tuple[str, list[list[Words]]]]
    """Name of a test file, and its lines; numbers on different files have no common order."""
    pairs: list[Pair]
    rows: list[Row]


def read(rows: Sequence[Row]) -> Results:
    """Reckon it; every two runs are tested, which takes seconds a pair where it is not kept."""
    found = standings(rows)
    pairs: list[Pair] = []
    for standing in found:
        pairs += every_pair.compare_all([row.run for row in standing.rows])[0]
    header: list[Words] = [
        Said("profile"), Said("strategy"), Said("perplexity"), Said("of best"),
        Said("95 % interval"), Said("corpus"), "文→白", "白→文", Said("validation"),
        Said("chosen by"), *(metric.name for metric in METRICS.values()), Said("run"),
    ]  # fmt: skip
    groups = [(_file_name(one), list(_lines(one))) for one in found]
    every = [line for _name, lines in groups for line in lines]
    known = [
        at
        for at in range(len(header))
        if at < 4 or any(line[at] not in ("–", "") for line in every)
    ]
    shown = [(name, [[line[at] for at in known] for line in lines]) for name, lines in groups]
    return Results([header[at] for at in known], shown, pairs, list(rows))


def _file_name(standing: Standing) -> str:
    return standing.file.sha256[:12] if standing.file else "–"


def _lines(standing: Standing) -> Iterator[list[Words]]:
    for entry in standing.entries:
        if entry.is_seeded:
            perplexity, of_best, *rest = entry.cells(standing.best)
            name = entry.rows[0].settings.profile.name
            spread = [perplexity, of_best, "–", *rest[:4], "–", *rest[4:]]
            yield [name, entry.strategy, *spread, ""]
        for row in entry.rows:
            yield _line(row, entry, standing.best)
    copy = Said("copy the source")
    for _of_file, copied in score_table.cells_of_copies(standing.rows):
        yield ["–", copy, *copied[:2], "–", *copied[2:6], "–", *copied[6:], ""]


def _line(row: Row, entry: Entry, best: float) -> list[Words]:
    perplexity, of_best, *rest = score_table.cells(row, best)
    judged = row.summary.judgement
    bounds = judged.perplexity if judged else None
    strategy: Words = row.settings.strategy_in_full
    if entry.is_seeded:
        strategy = listed([strategy, seed_in_words(row, entry.rows)])
    return [
        row.settings.profile.name,
        strategy,
        perplexity,
        of_best,
        (interval(bounds.low, bounds.high) if bounds else "") or "–",
        *rest[:4],
        score_table.chosen_by(row),
        *rest[4:],
        row.run.id,
    ]


def pair_lines(found: Results) -> tuple[list[Words], list[list[Words]]]:
    """Header and lines of the paired tests."""
    header: list[Words] = [
        Said("run A"),
        Said("run B"),
        "A − B",
        Said("95 % interval"),
        "p",
        Said("p corrected"),
        Said("common items"),
    ]
    return header, [[pair.one, pair.other, *pair.cells()] for pair in found.pairs]


def hyperparameter_lines(rows: Sequence[Row]) -> tuple[list[Words], list[list[Words]]]:
    """Header and lines: a line a setting, a column a run."""
    tables = [dict(hyperparameters.of_run(row)) for row in rows]
    names = dict.fromkeys(name for one in tables for name in one)
    header: list[Words] = ["", *(row.run.id for row in rows)]
    return header, [[name, *(one.get(name, "–") for one in tables)] for name in names]


def as_csv(found: Results) -> str:
    """The lines of all files, the file's hash before each."""
    header = [Said("test file"), *found.header]
    lines = [[name, *map(str, line)] for name, lines in found.groups for line in lines]
    return sheets.as_csv(list(map(str, header)), lines, whole_texts=True)


def as_latex(found: Results) -> str:
    """Results, paired tests and hyper-parameters as tables to be put into a paper."""
    tables = []
    for number, (name, lines) in enumerate(found.groups, 1):
        caption = Said("Results on the test file {name}", name=name)
        label = f"tab:results-{number}"
        tables.append(latex.table(caption, label, found.header, lines, TEXT_COLUMNS))
    header, lines = pair_lines(found)
    if lines:
        caption = Said("Paired tests of the mean perplexity; p corrected by Holm's method")
        tables.append(latex.table(caption, "tab:tests", header, lines, 2))
    header, lines = hyperparameter_lines(found.rows)
    tables.append(latex.table(Said("Hyper-parameters"), "tab:settings", header, lines, len(header)))
    return latex.HEAD + "\n".join(tables)
