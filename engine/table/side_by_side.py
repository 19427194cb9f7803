"""Several runs side by side: their scores beside those of the base and the copied source, and the
settings in which they differ."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.data.directions import direction_label
from engine.language import sheets
from engine.language.figures import chance
from engine.language.plain_text import one_line
from engine.language.said import Joined, Said, Words
from engine.machine.paths import short_path
from engine.prompts.strategies import ZERO_SHOT
from engine.run import words
from engine.run.judgement import METRICS
from engine.run.settings import PEEKED
from engine.table import differences, score_table
from engine.table.catalog import Row
from engine.table.row_facts import perplexity_of, strategy_of
from engine.table.same_test import file_of_test
from engine.table.standing import Standing, seed_in_words, standings

if TYPE_CHECKING:
    from engine.scores.comparison import Comparison  # slow to import: it brings the tokenizer
    from engine.scores.every_pair import Pair

_DIGITS = 1
"""Of the metrics."""
_SHORT_NAMES = {"perplexity": "ppl"}
"""Where a column is narrow."""


@dataclass(frozen=True)
class Table:
    """A table in words."""

    title: Words
    header: Sequence[Words]
    lines: Sequence[Sequence[Words]]
    right: tuple[int, ...] = ()

    def markdown(self) -> str:
        """For a report."""
        return f"## {self.title}\n\n{sheets.as_markdown(self.header, self.lines, self.right)}"


def ranked(rows: Iterable[Row]) -> list[Row]:
    """The best of a test file first, runs without a score last: run 1, run 2 and so on."""
    return [row for standing in standings(rows) for row in standing.rows]


def named(rows: Sequence[Row]) -> list[str]:
    """Which run a number stands for: `1  20261125-tiny-qlora  second try #final`."""
    return [
        f"{at}  {one_line(row.run.id)}  {row.notes.label}".rstrip()
        for at, row in enumerate(rows, 1)
    ]


def scores(rows: Sequence[Row], everything: Sequence[Row] = ()) -> Table:
    """Every run's scores, then those of what takes no training: base model and copied source.

    `everything` is where a zero-shot run of the same model on the same file is looked for.
    """
    found, numbers = standings(rows), {row.run.id: at for at, row in enumerate(rows, 1)}
    lines: list[list[Words]] = []
    for standing in found:
        if len(found) > 1:
            file = short_path(standing.file.path, 30) if standing.file else "–"
            lines.append(["", Said("on {file}:", file=file), *["–"] * (6 + len(METRICS))])
        lines += _standing_lines(standing, numbers)
        for row in _bases(standing.rows, everything):
            cells = score_table.cells(row, standing.best, _DIGITS)
            base = Said("base, {strategy}", strategy=ZERO_SHOT.word)
            lines.append(["–", base, *cells])
        for _file, copied in score_table.cells_of_copies(standing.rows, _DIGITS):
            lines.append(["–", Said("copy the source"), *copied])
    header: list[Words] = ["", Said("strategy"), "ppl", Said("of best"), Said("corpus"), "文→白",
                           "白→文", Said("validation")]  # fmt: skip
    header += [metric.name for metric in METRICS.values()]
    known = [at for at in range(len(header)) if any(line[at] != "–" for line in lines)]
    shown = [[line[at] for at in known] for line in lines]
    return Table(Said("Scores"), [header[at] for at in known], shown, tuple(range(2, len(known))))


def _standing_lines(standing: Standing, numbers: dict[str, int]) -> Iterator[list[Words]]:
    for entry in standing.entries:
        if entry.is_seeded:
            yield ["", entry.strategy, *entry.cells(standing.best, _DIGITS)]
        for row in entry.rows:
            name: Words = strategy_of(row)
            if entry.is_seeded:
                name = Joined("", ("  ", seed_in_words(row, entry.rows)))
            cells = score_table.cells(row, standing.best, _DIGITS)
            yield [str(numbers[row.run.id]), name, *cells]


def cautions(rows: Sequence[Row]) -> list[Said]:
    """Why these scores may not be comparable, a sentence each."""
    files, models = score_table.scored_files(rows), {_model(row) for row in rows}
    said = []
    if len(files) > 1:
        said.append(
            Said("These runs were scored on {count} different test files.", count=len(files))
        )
    if len(models) > 1:
        said.append(Said("These runs have {count} different base models.", count=len(models)))
    if any(row.settings.chosen_on_test for row in rows):
        said.append(PEEKED)
    return said


def settings(rows: Sequence[Row]) -> Table:
    """The settings in which the runs differ, a column for each run."""
    lines = [[one.key, *one.values] for one in differences.between(rows)]
    return Table(Said("Settings that differ"), ["", *map(str, range(1, len(rows) + 1))], lines)


def tests(compared: Comparison, one: int, other: int) -> Table:
    """Two of the runs, by their numbers: how much they differ and how surely."""
    lines = []
    for part, found in compared.parts.items():
        where = "" if part == "all" else f" {direction_label(part)}"
        for one_score in found:
            name = _SHORT_NAMES.get(one_score.name) or words.measure_name(one_score.name)
            lines.append([f"{name}{where}", *one_score.cells()])
        for line in lines:
            line[-1] = {"A": str(one), "B": str(other)}.get(line[-1], line[-1])
    numbers = ["", str(one), str(other), f"{one} − {other}"]
    header: list[Words] = [*numbers, Said("95 % interval"), "p", Said("better")]
    title = Said.counted(
        "Run {one} and run {other} on {items} common item",
        "Run {one} and run {other} on {items} common items",
        compared.items,
        one=one,
        other=other,
        items=compared.items,
    )
    return Table(title, header, lines, (1, 2, 3, 4, 5))


def pairs(found: Sequence[Pair], rows: Sequence[Row]) -> Table:
    """Every two runs of a test file, by their numbers."""
    numbers = {row.run.id: str(at) for at, row in enumerate(rows, 1)}
    lines = [[f"{numbers[one.one]} − {numbers[one.other]}", *one.cells()] for one in found]
    header: list[Words] = [
        "",
        "ppl",
        Said("95 % interval"),
        "p",
        Said("p corrected"),
        Said("common items"),
    ]
    title = Said("Every pair, mean perplexity; p corrected for their number (Holm)")
    return Table(title, header, lines, (1, 2, 3, 4, 5))


def by_item(compared: Comparison, one: int, other: int) -> list[Words]:
    """What the numbers rest on, a sentence each."""
    said: list[Words] = [Joined("", ("! ", caution)) for caution in compared.cautions]
    split = compared.split
    if split is not None:
        said.append(
            Said.counted(
                "Run {one} has the lower perplexity on {better} item, run {other} on "
                "{worse}; p {p}.",
                "Run {one} has the lower perplexity on {better} items, run {other} on "
                "{worse}; p {p}.",
                split.better,
                one=one,
                better=split.better,
                other=other,
                worse=split.worse,
                p=chance(split.p),
            )
        )
        if split.ruling:
            said.append(
                Said.counted(
                    "{ruling} item makes half of the difference of the means.",
                    "{ruling} items make half of the difference of the means.",
                    split.ruling,
                    ruling=split.ruling,
                )
            )
    return said


def _bases(rows: Sequence[Row], everything: Sequence[Row]) -> list[Row]:
    """The best zero-shot run of each model and file that has none among the rows."""
    wanted = {(_model(row), file_of_test(row)) for row in rows}
    wanted -= {(_model(row), file_of_test(row)) for row in rows if _is_base(row)}
    found: dict[tuple[str, str], Row] = {}
    for row in ranked(row for row in everything if _is_base(row)):
        key = _model(row), file_of_test(row)
        if key in wanted and not math.isnan(perplexity_of(row)):
            found.setdefault(key, row)
    return list(found.values())


def _is_base(row: Row) -> bool:
    return row.settings.strategy == ZERO_SHOT.name and not row.settings.adapter


def _model(row: Row) -> str:
    return row.settings.profile.model.path
