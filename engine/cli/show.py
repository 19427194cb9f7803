"""Commands that print what there is to one run: show."""

from __future__ import annotations

import json
from argparse import Namespace

import msgspec

from engine import runs_folder
from engine.catalog import Row, finite
from engine.cli.result import as_data, describe_result
from engine.paths import runs_root
from engine.runs import Run
from engine.summary import Summary
from engine.table import notes
from engine.text import clock, counted, one_line


def show(arguments: Namespace) -> int:
    """`yiwen show RUN`."""
    run = runs_folder.find(runs_root(arguments.runs), arguments.run)
    summary = run.summary()
    if arguments.json:
        row = Row(run, run.settings, summary, notes.read(run.folder)).as_dict()
        row["checkpoints"] = run.checkpoints()
        row["folder"] = str(run.folder)
        row["definition"] = summary.definition
        repaired = summary.repaired
        row["perplexity_repaired"] = finite(repaired.perplexity) if repaired else None
        row["judged"] = as_data(summary)
        row["settings"] = msgspec.to_builtins(run.settings)
        print(json.dumps(row, ensure_ascii=False))
        return 0
    print(describe_run(run, summary))
    return 0


def describe_run(run: Run, summary: Summary) -> str:
    """A run in a few lines."""
    settings = run.settings
    kept = notes.read(run.folder)
    lines = [
        f"{run.id}   {summary.status.symbol} {summary.status.value}",
        f"  profile     {settings.profile.name} ({settings.profile.model.path})",
        f"  strategy    {settings.strategy} ({settings.job})",
    ]
    if settings.adapter:
        lines.append(f"  adapter     {settings.adapter}")
    lines += [
        f"  {part:<12}{data.path}  {counted(data.pairs, 'pair')}"
        f"{' set aside' if settings.is_set_aside(part) else ''}  sha256 {data.sha256[:12]}"
        for part, data in settings.data.items()
    ]
    if settings.overrides:
        changed = ", ".join(f"{key} = {value}" for key, value in settings.overrides.items())
        lines.append(f"  changed     {changed}")
    if settings.gpu:
        lines.append(f"  gpu         {settings.gpu}")
    if settings.examples_shown:
        few_shot = settings.profile.few_shot
        ids = ", ".join(pair.id for pair in settings.examples) or "each item its own"
        form = f"{few_shot.choose}, {few_shot.direction} direction"
        lines.append(f"  examples    {settings.examples_shown} ({form}): {ids}")
    if run.checkpoints():
        best = summary.best_checkpoint
        marked = [name + (" (best)" if name == best else "") for name in run.checkpoints()]
        lines.append(f"  checkpoints {', '.join(marked)}")
    if kept.label:
        lines.append(f"  name        {kept.label}")
    if kept.note or kept.trouble:
        lines.append(f"  note        {one_line(kept.note or kept.trouble)}")
    lines.append(f"  time        {clock(summary.seconds)}")
    lines.append(f"  folder      {run.folder}")
    if summary.message:
        lines.append(f"  message     {one_line(summary.message)} {one_line(summary.hint)}".rstrip())
    return "\n".join(lines) + "\n" + describe_result(run, summary)
