"""`yiwen items`: the items of an evaluation one by one, beside those of another run."""

from __future__ import annotations

from argparse import Namespace

from engine.cli.table import table
from engine.data.directions import direction_label
from engine.language.errors import RunError, UserError
from engine.language.figures import number
from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.machine.paths import runs_root
from engine.run import runs_folder
from engine.run.folder import Run
from engine.run.judgement import FAULTS
from engine.run.words import fault_short
from engine.scores import items, result_lines
from engine.scores.items import Item
from engine.scores.result_lines import SampleResult

_SOURCE = 60
"""Characters of a source that are shown at most."""


def list_items(arguments: Namespace) -> int:
    """`yiwen items RUN [--versus RUN]`."""
    root = runs_root(arguments.runs)
    run = runs_folder.find(root, arguments.run)
    other = runs_folder.find(root, arguments.versus) if arguments.versus else None
    paired = items.pair_up(_read(run), _read(other) if other else ())
    order = arguments.sort or ("change" if other else "ppl")
    found = items.sort(_wanted(paired, arguments), order, worst_first=not arguments.reverse)
    found = found[: arguments.limit or None]
    if arguments.json or arguments.markdown:
        suffix = ".json" if arguments.json else ".md"
        print(items.content(found, run.id, other.id if other else "", suffix), end="")
    else:
        print(_table(found, other is not None))
    return 0


def _wanted(paired: list[Item], arguments: Namespace) -> list[Item]:
    """The items that are asked for. Raises UserError for a kind of fault that there is not."""
    words = [arguments.find]
    if arguments.faults is not None:
        kind = arguments.faults
        if kind and kind not in FAULTS:
            raise UserError(
                _("no kind of fault '{kind}'; there are: {kinds}").format(
                    kind=kind, kinds=_(", ").join(FAULTS)
                )
            )
        words.append(items.FAULTY + kind)
    if arguments.direction:
        words.append(direction_label(arguments.direction.replace("-", "_")))
    return items.find(paired, " ".join(words))


def _table(found: list[Item], against: bool) -> str:
    """A line an item; what can be left out does, where the terminal is narrow."""
    ids = items.short_ids([item.sample.id for item in found])
    are_faulty = any(item.sample.faults for item in found)
    others = [_("other"), _("change")] if against else []
    faults = [_("faults")] if are_faulty else []
    header = [_("id"), "", "ppl", *others, _("chrF"), *faults, _("source")]
    rows = [_cells(item, ids[item.sample.id], against, are_faulty) for item in found]
    return table(header, rows, (2, 3, 4, 5) if against else (2, 3), elastic=len(header) - 1)


def _cells(item: Item, name: str, against: bool, are_faulty: bool) -> list[str]:
    sample, theirs = item.sample, item.other
    changed = [number(theirs.value if theirs else None), number(item.change)] if against else []
    chrf = number(sample.chrf, 1)
    direction = direction_label(sample.direction)
    faults = [_(", ").join(map(fault_short, sample.faults))] if are_faulty else []
    cells = [name, direction, number(sample.value), *changed, chrf, *faults]
    return [*cells, one_line(item.source)[:_SOURCE]]


def _read(run: Run) -> list[SampleResult]:
    name = run.summary().results_file
    if not name:
        raise RunError(_("run {run}: has no results yet").format(run=run.id))
    found = result_lines.read(run.folder / name, run.folder)
    if found.trouble and not found.results:
        said = _("{path}: cannot be read: {error}")
        raise RunError(said.format(path=run.folder / name, error=found.trouble))
    if not found.results:
        raise RunError(_("{file}: holds no items").format(file=run.folder / name))
    return found.results
