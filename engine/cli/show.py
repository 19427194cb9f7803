"""Commands that print what there is to one run: show."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Iterator

import msgspec

from engine.cli.output import print_json
from engine.cli.result import as_data, describe_result
from engine.language import counted
from engine.language.figures import clock
from engine.language.plain_text import one_line, width
from engine.language.texts import _
from engine.machine.paths import runs_root
from engine.run import notes, runs_folder
from engine.run.folder import Run
from engine.run.history import read_history
from engine.run.settings import RunSettings
from engine.run.steps import MOST
from engine.run.summary import Summary
from engine.run.words import part_word, skipped_count, standing, unread_count
from engine.table.catalog import Row, finite

_LABEL = 12
"""Columns of what stands before a line's words."""
_WARNINGS = 10
"""Shown at most."""


def show(arguments: Namespace) -> int:
    """`yiwen show RUN`."""
    run = runs_folder.find(runs_root(arguments.runs), arguments.run)
    summary = run.summary()
    if arguments.json:
        row = Row(run, run.settings, summary, notes.read(run.folder)).as_dict()
        row["unread_lines"] = summary.unread
        row["checkpoints"] = run.checkpoints()
        row["folder"] = str(run.folder)
        row["definition"] = summary.definition
        repaired = summary.repaired
        row["perplexity_repaired"] = finite(repaired.perplexity) if repaired else None
        row["judged"] = as_data(summary)
        row["settings"] = msgspec.to_builtins(run.settings)
        print_json(row)
        return 0
    print(describe_run(run, summary))
    return 0


def describe_run(run: Run, summary: Summary) -> str:
    """A run in a few lines."""
    head = f"{run.id}   {summary.status.symbol} {standing(summary)}"
    lines = [_line(name, words) for name, words in _facts(run, summary)]
    return "\n".join([head, *lines, describe_result(run, summary)])


def _line(name: str, words: str) -> str:
    return f"  {name}{' ' * (_LABEL - width(name))}{words}"


def _facts(run: Run, summary: Summary) -> Iterator[tuple[str, str]]:
    """What is known of a run: name and words."""
    settings = run.settings
    yield _("profile"), f"{settings.profile.name} ({settings.profile.model.path})"
    yield _("strategy"), f"{settings.strategy} ({settings.job})"
    if settings.adapter:
        yield _("adapter"), settings.adapter
    for part in settings.data:
        yield str(part_word(part)), _file(settings, part)
    if settings.overrides:
        yield _("changed"), _(", ").join(f"{k} = {v}" for k, v in settings.overrides.items())
    if settings.gpu:
        yield _("gpu"), settings.gpu
    if settings.examples_shown:
        yield _("examples"), _examples(settings)
    if run.checkpoints():
        best = _("{name} (best)").format(name=summary.best_checkpoint)
        names = (best if name == summary.best_checkpoint else name for name in run.checkpoints())
        yield _("checkpoints"), _(", ").join(names)
    yield from _said_of(run)
    if summary.skipped:
        yield _("skipped"), str(skipped_count(summary.skipped))
    if summary.unread:
        yield _("unread"), str(unread_count(summary.unread))
    yield _("time"), clock(summary.seconds)
    yield _("folder"), str(run.folder)
    for told in _told(run, summary):
        yield _("message"), told


def _told(run: Run, summary: Summary) -> Iterable[str]:
    """What it warned of, the latest last, and why it ended."""
    warnings = read_history(run.events_path, most=MOST).warnings[-_WARNINGS:]
    said = [(event.words("message"), event.words("hint")) for event in warnings]
    if summary.message:
        said.append((summary.message, summary.hint))
    return dict.fromkeys(f"{one_line(words)} {one_line(hint)}".rstrip() for words, hint in said)


def _file(settings: RunSettings, part: str) -> str:
    data = settings.data[part]
    said = _("{path}  {pairs}  sha256 {digest}")
    if settings.is_set_aside(part):
        said = _("{path}  {pairs} set aside  sha256 {digest}")
    return said.format(path=data.path, pairs=counted.pairs(data.pairs), digest=data.sha256[:12])


def _examples(settings: RunSettings) -> str:
    few_shot = settings.profile.few_shot
    return _("{count} ({choose}, {direction} direction): {ids}").format(
        count=settings.examples_shown,
        choose=few_shot.choose,
        direction=few_shot.direction,
        ids=_(", ").join(pair.id for pair in settings.examples) or _("each item its own"),
    )


def _said_of(run: Run) -> Iterator[tuple[str, str]]:
    """What people noted."""
    kept = notes.read(run.folder)
    if kept.label:
        yield _("name"), kept.label
    if kept.note or kept.trouble:
        yield _("note"), one_line(kept.note or kept.trouble)
