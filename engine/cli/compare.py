"""`yiwen compare`: runs side by side, and of two runs how surely they differ."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from engine import runs_folder
from engine.catalog import Catalog, Row, finite
from engine.cli.output import print_json
from engine.cli.result import COPY, as_data
from engine.cli.table import table
from engine.errors import RunError, UserError
from engine.language import _
from engine.paths import runs_root
from engine.run_settings import PEEKED
from engine.runs import Run
from engine.scores import score_table, side_by_side
from engine.scores.judgement import plain_data
from engine.scores.translation_quality import NAMES

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
    rows = side_by_side.ranked(row for row in rows if row.summary.score)
    if not rows:
        raise UserError(_("no run with a result in {root}").format(root=root))
    if arguments.json:
        listed = [comparison(row) for row in rows]
        data = {"runs": listed, **_paired_data(*wanted)} if len(wanted) == 2 else listed
        print_json(data)
        return 0
    print(comparison_table(rows))
    if len(wanted) == 2:
        print("\n" + _paired_text(*wanted))
    return 0


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
    """Runs with a score, each set against the best; below, the untranslated source."""
    best, files = score_table.best_of(rows), score_table.scored_files(rows)
    header = [
        _("profile"), _("strategy"), _("perplexity"), _("of best"), _("corpus"), "文→白", "白→文",
        _("BLEU"), _("chrF"), _("run"),
    ]  # fmt: skip
    lines = [
        [
            row.settings.profile.name,
            row.settings.strategy_in_full,
            *score_table.cells(row, best),
            row.run.id,
        ]
        for row in rows
    ]
    for file, cells in score_table.cells_of_copies(rows):
        lines.append(["–", _(COPY), *cells, file.path if len(files) > 1 else ""])
    text = table(header, lines, right=range(2, 9))
    if any(row.settings.chosen_on_test for row in rows):
        text += "\n" + _(PEEKED)
    if len(files) > 1:
        said = _("These runs were scored on {count} different test files.")
        text += "\n! " + said.format(count=len(files))
    if len({_signatures(row) for row in rows if row.summary.judged}) > 1:
        text += "\n! " + _(
            "BLEU or chrF were not counted alike; `yiwen show RUN` prints the signatures."
        )
    return text


def _signatures(row: Row) -> tuple[str, ...]:
    definition = row.summary.judged.definition if row.summary.judged else {}
    return tuple(definition.get(name, "") for name in NAMES.values())
