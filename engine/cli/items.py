"""`yiwen items`: the items of an evaluation one by one, beside those of another run."""

from __future__ import annotations

from argparse import Namespace

from engine import runs_folder
from engine.cli.table import table
from engine.errors import RunError
from engine.language import _
from engine.paths import runs_root
from engine.runs import Run
from engine.scores import items
from engine.scores.items import Item, Sample
from engine.text import direction_label, number, one_line


def list_items(arguments: Namespace) -> int:
    """`yiwen items RUN [--versus RUN]`."""
    root = runs_root(arguments.runs)
    run = runs_folder.find(root, arguments.run)
    other = runs_folder.find(root, arguments.versus) if arguments.versus else None
    paired = items.pair_up(_read(run), _read(other) if other else ())
    order = arguments.sort or ("change" if other else "ppl")
    found = items.sort(items.find(paired, arguments.find), order, worst_first=not arguments.reverse)
    found = found[: arguments.limit or None]
    if arguments.json or arguments.markdown:
        suffix = ".json" if arguments.json else ".md"
        print(items.content(found, run.id, other.id if other else "", suffix), end="")
    else:
        against = [_("other"), _("change")] if other else []
        header = [_("id"), "", "ppl", *against, _("chrF"), _("source")]
        right = (2, 3, 4, 5) if other else (2, 3)
        print(table(header, [_cells(item, other is not None) for item in found], right))
    return 0


def _cells(item: Item, against: bool) -> list[str]:
    sample, theirs = item.sample, item.other
    changed = [number(theirs.value if theirs else None), number(item.change)] if against else []
    chrf = number(sample.chrf, 1)
    source = one_line(item.source)
    direction = direction_label(sample.direction)
    return [sample.id, direction, number(sample.value), *changed, chrf, source[:60]]


def _read(run: Run) -> list[Sample]:
    name = run.summary().results_file
    if not name:
        raise RunError(_("run {run}: has no results yet").format(run=run.id))
    samples, _unread = items.read_samples(run.folder / name, run.folder)
    if not samples:
        raise RunError(_("{file}: holds no items").format(file=run.folder / name))
    return samples
