"""Commands that print what there is: runs, show."""

from __future__ import annotations

import json
from argparse import Namespace
from datetime import datetime

import msgspec

from engine import runs
from engine.catalog import PEEKED, Catalog, Row
from engine.cli.result import as_data, describe_result
from engine.cli.table import table
from engine.paths import runs_root
from engine.runs import Run
from engine.summary import Summary
from engine.text import clock, number, one_line


def list_runs(arguments: Namespace) -> int:
    """`yiwen runs`."""
    root = runs_root(arguments.runs)
    rows = Catalog(root).rows(arguments.limit or None)
    if arguments.json:
        print(json.dumps([row.as_dict() for row in rows], ensure_ascii=False))
    elif rows:
        header = ["run", "status", "strategy", "ppl", "loss", "time", "created"]
        print(table(header, [_cells(row) for row in rows], right=(3, 4, 5)))
        if any(row.settings.chosen_on_test and row.summary.score for row in rows):
            print(PEEKED)
    else:
        print(f"No runs in {root} yet: `yiwen train tiny` makes one.")
    return 0


def _cells(row: Row) -> list[str]:
    summary, settings = row.summary, row.settings
    return [
        row.run.id,
        f"{summary.status.symbol} {summary.status.value}",
        settings.strategy if settings.job == "train" else f"{settings.strategy} ({settings.job})",
        row.perplexity_text,
        number(summary.loss, 3),
        clock(summary.seconds),
        _local(settings.created),
    ]


def _local(created: str) -> str:
    try:
        return f"{datetime.fromisoformat(created):%m-%d %H:%M}"
    except ValueError:
        return created


def show(arguments: Namespace) -> int:
    """`yiwen show RUN`."""
    run = runs.find(runs_root(arguments.runs), arguments.run)
    summary = run.summary()
    if arguments.json:
        row = Row(run, run.settings, summary).as_dict()
        row["checkpoints"] = run.checkpoints()
        row["folder"] = str(run.folder)
        row["judged"] = as_data(summary)
        row["settings"] = msgspec.to_builtins(run.settings)
        print(json.dumps(row, ensure_ascii=False))
        return 0
    print(describe_run(run, summary))
    return 0


def describe_run(run: Run, summary: Summary) -> str:
    """A run in a few lines."""
    settings = run.settings
    lines = [
        f"{run.id}   {summary.status.symbol} {summary.status.value}",
        f"  profile     {settings.profile.name} ({settings.profile.model.path})",
        f"  strategy    {settings.strategy} ({settings.job})",
    ]
    if settings.adapter:
        lines.append(f"  adapter     {settings.adapter}")
    lines += [
        f"  {part:<12}{data.path}  {data.pairs} pairs  sha256 {data.sha256[:12]}"
        for part, data in settings.data.items()
    ]
    if settings.overrides:
        changed = ", ".join(f"{key} = {value}" for key, value in settings.overrides.items())
        lines.append(f"  changed     {changed}")
    if settings.examples_shown:
        few_shot = settings.profile.few_shot
        ids = ", ".join(pair.id for pair in settings.examples) or "each item its own"
        form = f"{few_shot.choose}, {few_shot.direction} direction"
        lines.append(f"  examples    {settings.examples_shown} ({form}): {ids}")
    if run.checkpoints():
        best = summary.best_checkpoint
        marked = [name + (" (best)" if name == best else "") for name in run.checkpoints()]
        lines.append(f"  checkpoints {', '.join(marked)}")
    lines.append(f"  time        {clock(summary.seconds)}")
    lines.append(f"  folder      {run.folder}")
    if summary.message:
        lines.append(f"  message     {one_line(summary.message)} {one_line(summary.hint)}".rstrip())
    return "\n".join(lines) + "\n" + describe_result(run, summary)
