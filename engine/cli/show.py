"""Commands that print what there is to one run, or runs by their scores: show, compare."""

from __future__ import annotations

import json
import math
from argparse import Namespace

import msgspec

from engine import notes, runs
from engine.catalog import Catalog, Row, finite
from engine.cli.table import table
from engine.directions import LABELS
from engine.errors import UserError
from engine.paths import runs_root
from engine.runs import Run
from engine.summary import Summary
from engine.text import clock, number, one_line


def show(arguments: Namespace) -> int:
    """`yiwen show RUN`."""
    run = runs.find(runs_root(arguments.runs), arguments.run)
    summary = run.summary()
    if arguments.json:
        row = Row(run, run.settings, summary, notes.read(run.folder)).as_dict()
        row["checkpoints"] = run.checkpoints()
        row["folder"] = str(run.folder)
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
        f"  {part:<12}{data.path}  {data.pairs} pairs  sha256 {data.sha256[:12]}"
        for part, data in settings.data.items()
    ]
    if settings.overrides:
        changed = ", ".join(f"{key} = {value}" for key, value in settings.overrides.items())
        lines.append(f"  changed     {changed}")
    if settings.examples:
        lines.append(f"  examples    {', '.join(pair.id for pair in settings.examples)}")
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


def describe_result(run: Run, summary: Summary) -> str:
    """The score, by direction, and how it is defined."""
    score = summary.score
    if score is None:
        return f"{run.id}: no score"
    rows = [("all", score), *((LABELS[key], value) for key, value in _directions(summary))]
    lines = [
        table(
            ["test file", "perplexity", "corpus", "samples", "tokens"],
            [
                [
                    name,
                    number(value.perplexity),
                    number(value.perplexity_corpus),
                    str(value.samples),
                    str(value.tokens),
                ]
                for name, value in rows
            ],
            right=(1, 2, 3, 4),
        )
    ]
    if summary.definition:
        lines.append("; ".join(f"{key}: {value}" for key, value in summary.definition.items()))
    return "\n".join(lines)


def _directions(summary: Summary) -> list[tuple]:  # type: ignore[type-arg]
    return [(key, value) for key, value in summary.directions.items() if key in LABELS]


def compare(arguments: Namespace) -> int:
    """`yiwen compare [RUN…]`."""
    root = runs_root(arguments.runs)
    if arguments.run:
        wanted = [runs.find(root, key) for key in arguments.run]
        rows = [Row(run, run.settings, run.summary()) for run in wanted]
    else:
        rows = Catalog(root).rows()
    rows = [row for row in rows if row.summary.score]
    if not rows:
        raise UserError(f"no run with a result in {root}")
    rows.sort(key=_by_perplexity)
    if arguments.json:
        print(json.dumps([comparison(row) for row in rows], ensure_ascii=False))
    else:
        print(comparison_table(rows))
    return 0


def _by_perplexity(row: Row) -> tuple[bool, float]:
    perplexity = row.summary.score.perplexity if row.summary.score else math.nan
    return math.isnan(perplexity), perplexity  # what is not a number comes last


def comparison(row: Row) -> dict[str, object]:
    """One row of `yiwen compare --json`."""
    by_direction = {key: finite(value.perplexity) for key, value in row.summary.directions.items()}
    test = row.settings.data.get("test")
    return {**row.as_dict(), "directions": by_direction, "test": test.sha256 if test else None}


def comparison_table(rows: list[Row]) -> str:
    """Runs with a score, the best first, each set against the best."""
    scores = [row.summary.score.perplexity for row in rows if row.summary.score]
    best = min((score for score in scores if math.isfinite(score)), default=math.nan)
    cells = []
    for row in rows:
        score = row.summary.score
        assert score is not None
        directions = row.summary.directions
        cells.append(
            [
                row.settings.profile.name,
                row.settings.strategy,
                number(score.perplexity),
                f"{score.perplexity / best:.2f}×" if math.isfinite(score.perplexity) else "–",
                number(score.perplexity_corpus),
                *(
                    number(directions[key].perplexity if key in directions else None)
                    for key in ("to_modern", "to_classical")
                ),
                row.run.id,
            ]
        )
    header = ["profile", "strategy", "perplexity", "of best", "corpus", "文→白", "白→文", "run"]
    text = table(header, cells, right=(2, 3, 4, 5, 6))
    files = {row.settings.data["test"].sha256 for row in rows if "test" in row.settings.data}
    if len(files) > 1:
        text += f"\n! These runs were scored on {len(files)} different test files."
    return text
