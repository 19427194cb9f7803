"""Commands about many runs at once, or about what people say of them: runs, note, diff."""

from __future__ import annotations

import sys
from argparse import Namespace

import msgspec

from engine.cli.output import print_json
from engine.cli.table import table
from engine.language.errors import UserError
from engine.language.plain_text import one_line, plain
from engine.language.texts import _
from engine.machine.paths import runs_root
from engine.run import notes, runs_folder
from engine.run.judgement import METRICS
from engine.run.notes import Notes
from engine.run.settings import PEEKED
from engine.run.words import unread_count
from engine.table import columns, differences, query, run_sheet, standing
from engine.table.catalog import Catalog, Row
from engine.table.columns import COLUMNS
from engine.table.order import Order
from engine.table.standing import Entry

_SHOWN = (
    "id", "name", "status", "strategy", "perplexity", "validation", *METRICS, "loss", "time",
    "created",
)  # fmt: skip
_IF_ANY = ("name", "validation", *METRICS)
"""Shown where at least one run has it."""


def list_runs(arguments: Namespace) -> int:
    """`yiwen runs [QUERY]`."""
    root = runs_root(arguments.runs)
    asked = query.parse(" ".join(arguments.query))
    order = _order(arguments.sort, arguments.reverse)
    catalog = Catalog(root)
    listed = catalog.rows()
    rows = order.sort(asked.matching(listed))[: arguments.limit or None]
    if arguments.json:
        print_json([row.as_dict() for row in rows])
    elif arguments.csv or arguments.markdown:
        suffix = ".csv" if arguments.csv else ".md"
        print(run_sheet.content(rows, _columns(arguments.columns, rows), suffix), end="")
    elif rows:
        keys = _columns(arguments.columns, rows)
        right = [at for at, key in enumerate(keys) if COLUMNS[key].right]
        header = [_("run") if key == "id" else COLUMNS[key].label for key in keys]
        lines = _by_seed(rows, keys) if arguments.seeds else columns.texts(rows, keys)
        print(table(header, lines, right=right))
        if any(row.settings.chosen_on_test and row.summary.score for row in rows):
            print(PEEKED)
    elif listed:
        none = _("None of {count} runs is found by: {query}")
        print(none.format(count=len(listed), query=plain(asked.text)))
    else:
        print(_("No runs in {root} yet: `yiwen train tiny` makes one.").format(root=root))
    for row in rows:
        if row.summary.unread:
            print(f"! {one_line(row.run.id)}: {unread_count(row.summary.unread)}", file=sys.stderr)
    for trouble in catalog.troubles:
        print(f"! {one_line(trouble.reason)}", file=sys.stderr)
    return 0


def _order(typed: str, reverse: bool) -> Order:
    order = Order()
    if typed:
        column = columns.column(typed)
        order = Order(column.key, column.falling)
    return order.reversed() if reverse else order


def _columns(typed: str, rows: list[Row]) -> list[str]:
    if typed:
        return [columns.column(key.strip()).key for key in typed.split(",")]
    values = {key: COLUMNS[key].value for key in _IF_ANY}
    return [
        key
        for key in _SHOWN
        if key not in values or any(values[key](row) is not None for row in rows)
    ]


def _by_seed(rows: list[Row], keys: list[str]) -> list[list[str]]:
    """Of runs that differ in seeds alone mean ± deviation, then each of them."""
    lines = []
    for entry in standing.seeded(rows):
        own = columns.texts(entry.rows, keys)
        if entry.is_seeded:
            lines.append([_of_all(entry, key) for key in keys])
            own = [["· " + first, *others] for first, *others in own]
        lines += own
    return lines


def _of_all(entry: Entry, key: str) -> str:
    """What several seeds have in common, or their mean ± deviation; empty where neither is."""
    if key == "strategy":
        return str(entry.strategy)
    column = COLUMNS[key]
    values = [column.value(row) for row in entry.rows]
    numbers = [value for value in values if isinstance(value, int | float)]
    if not column.right or key == "time" or len(numbers) < len(values):
        return ""
    mark = entry.rows[0].settings.mark if key == "perplexity" else ""
    return standing.spread(numbers) + mark


def note(arguments: Namespace) -> int:
    """`yiwen note RUN`: print what is noted, or change it."""
    run = runs_folder.find(runs_root(arguments.runs), arguments.run)
    before = notes.read(run.folder)
    if before.trouble:
        raise UserError(before.trouble)
    after = _changed(before, arguments)
    if after != before:
        after = notes.change(run.folder, lambda now: _changed(now, arguments))
    if arguments.json:
        print_json({"run": run.id, **_without_trouble(after)})
    else:
        print(f"{run.id}  {after.label}".rstrip())
        if after.note:
            print(plain(after.note))
    return 0


def _changed(before: Notes, arguments: Namespace) -> Notes:
    name = before.name if arguments.name is None else arguments.name
    words = before.note if arguments.note is None else arguments.note
    gone = [tag for typed in arguments.untag for tag in notes.split_tags(typed)]
    added = [tag for typed in arguments.tag for tag in notes.split_tags(typed)]
    tags = [tag for tag in before.tags if tag not in gone] + added
    return notes.clean(name, tags, words)


def _without_trouble(kept: Notes) -> dict[str, object]:
    found: dict[str, object] = msgspec.to_builtins(kept)
    return {key: value for key, value in found.items() if key != "trouble"}


def diff(arguments: Namespace) -> int:
    """`yiwen diff RUN RUN…`."""
    root = runs_root(arguments.runs)
    wanted = [runs_folder.find(root, key) for key in arguments.run]
    if len({run.id for run in wanted}) < 2:
        raise UserError(_("diff: name two runs or more"))
    rows = [Row(run, run.settings, run.summary(), notes.read(run.folder)) for run in wanted]
    found = differences.between(rows)
    if arguments.json:
        said = {one.key: dict(zip(arguments.run, one.values)) for one in found}
        print_json(said)
    elif found:
        header = [_("setting"), *(run.id for run in wanted)]
        print(table(header, [[one.key, *one.values] for one in found]))
    else:
        print(_("The runs have the same settings."))
    return 0
