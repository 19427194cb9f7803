"""`yiwen compare`: runs side by side, and of two runs how surely they differ."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from engine.cli.output import print_json
from engine.cli.result import COPY, as_data
from engine.cli.table import table
from engine.language.errors import RunError, UserError
from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.machine.paths import runs_root
from engine.run import runs_folder
from engine.run.folder import Run
from engine.run.judgement import METRICS, plain_data
from engine.run.settings import PEEKED
from engine.run.words import choice_word
from engine.table import score_table, side_by_side
from engine.table.catalog import Catalog, Row, finite
from engine.table.standing import Standing, seed_in_words, standings

if TYPE_CHECKING:
    from engine.scores.comparison import Comparison
    from engine.scores.every_pair import Pair


_MAY_LACK = (7, 10)
"""Columns, validation and what chose, that are left out where no run has anything in them."""


def compare(arguments: Namespace) -> int:
    """`yiwen compare [RUN…]`."""
    root = runs_root(arguments.runs)
    if arguments.run:
        wanted = [runs_folder.find(root, key) for key in arguments.run]
        rows = [Row(run, run.settings, run.summary()) for run in wanted]
    else:
        wanted = []
        rows = [row.whole() for row in Catalog(root).rows()]
    rows = side_by_side.ranked(row for row in rows if row.summary.score)
    several = wanted if len(wanted) > 2 else []
    if not rows:
        raise UserError(_("no run with a result in {root}").format(root=root))
    if arguments.json:
        listed = [comparison(row) for row in rows]
        data: object = listed
        if len(wanted) == 2:
            data = {"runs": listed, **_paired_data(*wanted)}
        elif several:
            data = {"runs": listed, **_pairs_data(rows)}
        print_json(data)
        return 0
    print(comparison_table(rows))
    if len(wanted) == 2:
        print("\n" + _paired_text(*wanted))
    elif several:
        print("\n" + _pairs_text(rows))
    return 0


def _pairs(rows: list[Row]) -> tuple[list[Pair], list[str]]:
    """Every pair of those that were scored on one file; another file, other tests."""
    from engine.scores import every_pair  # slow to import

    found: list[Pair] = []
    troubles: list[str] = []
    for standing in standings(rows):
        pairs, said = every_pair.compare_all([row.run for row in standing.rows], _tell)
        found, troubles = found + pairs, troubles + said
    return found, troubles


def _tell(done: int, of: int) -> None:
    """How far it is, on a terminal; the line is taken away at the end."""
    if sys.stderr.isatty():
        said = _("comparing item by item … {done}/{of}").format(done=done, of=of)
        print("\r" + (said if done < of else " " * len(said) + "\r"), end="", file=sys.stderr)


def _pairs_text(rows: list[Row]) -> str:
    pairs, troubles = _pairs(rows)
    numbers = {row.run.id: str(at) for at, row in enumerate(rows, 1)}
    lines = [[numbers[one.one], numbers[one.other], *one.cells()] for one in pairs]
    header = ["A", "B", "A − B", _("95 % interval"), "p", _("p corrected"), _("common items")]
    parts = [f"{at}  {one_line(run)}" for run, at in numbers.items()]
    parts += [table(header, lines, right=range(2, 7))] if lines else []
    parts += [f"! {trouble}" for trouble in troubles]
    parts.append(
        _(
            "Mean perplexity, every pair of a test file; p by approximate randomisation, corrected "
            "for the number of pairs by Holm's method."
        )
    )
    return "\n".join(parts)


def _pairs_data(rows: list[Row]) -> dict[str, object]:
    pairs, troubles = _pairs(rows)
    return {
        "pairs": [plain_data(one) for one in pairs],
        "correction": "Holm",
        "not_compared": troubles,
    }


def _by_item(one: Run, other: Run) -> Comparison:
    from engine.scores.comparison import compare as compare_by_item  # slow to import

    if sys.stderr.isatty():  # hundreds of items take seconds
        print(_("comparing item by item …"), file=sys.stderr)
    return compare_by_item(one, other)


def _paired_text(one: Run, other: Run) -> str:
    from engine.cli.paired import describe

    try:
        return describe(_by_item(one, other))
    except RunError as error:
        return _("! Not compared item by item: {error}").format(error=error)


def _paired_data(one: Run, other: Run) -> dict[str, object]:
    try:
        return {"paired": plain_data(_by_item(one, other))}
    except RunError as error:
        return {"paired": None, "why": str(error)}


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
    """Runs with a score, each set against the best on its test file; then the copied source."""
    found, files = standings(rows), score_table.scored_files(rows)
    parts = []
    for standing in found:
        test = _("test file {path}").format(path=standing.file.path if standing.file else "–")
        parts += [test] * (len(found) > 1) + [_standing_table(standing), ""]
    text = "\n".join(parts[:-1])
    if any(row.settings.chosen_on_test for row in rows):
        text += f"\n{PEEKED}"
    if len(files) > 1:
        said = _("These runs were scored on {count} different test files.")
        text += "\n! " + said.format(count=len(files))
    if len({_signatures(row) for row in rows if row.summary.judged}) > 1:
        text += "\n! " + _(
            "BLEU or chrF were not counted alike; `yiwen show RUN` prints the signatures."
        )
    return text


def _standing_table(standing: Standing) -> str:
    header = [
        _("profile"), _("strategy"), _("perplexity"), _("of best"), _("corpus"), "文→白", "白→文",
        _("validation"), *(metric.name for metric in METRICS.values()), _("chosen by"), _("run"),
    ]  # fmt: skip
    lines = []
    for entry in standing.entries:
        name = entry.rows[0].settings.profile.name
        if entry.is_seeded:
            lines.append([name, entry.strategy, *entry.cells(standing.best), "–", ""])
        for row in entry.rows:
            strategy = row.settings.strategy_in_full
            if entry.is_seeded:
                name, strategy = "", f"  {seed_in_words(row, entry.rows)}"
            cells = score_table.cells(row, standing.best)
            by = score_table.chosen_by(row)
            lines.append([name, strategy, *cells, by, row.run.id])
    for _file, copied in score_table.cells_of_copies(standing.rows):
        lines.append(["–", _(COPY), *copied, "–", ""])
    nothing = ("–", choice_word("last"))
    told = [
        at
        for at in range(len(header))
        if at not in _MAY_LACK or any(line[at] not in nothing for line in lines)
    ]
    lines = [[line[at] for at in told] for line in lines]
    return table([header[at] for at in told], lines, right=range(2, len(told) - 1))


def _signatures(row: Row) -> tuple[str, ...]:
    definition = row.summary.judged.definition if row.summary.judged else {}
    return tuple(definition.get(metric.name, "") for metric in METRICS.values())
