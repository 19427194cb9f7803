"""The experiment command: a series of runs made, followed, continued; and the list of them."""

from __future__ import annotations

import json
import shlex
import sys
from argparse import Namespace
from pathlib import Path

from engine import jobs, launch
from engine.catalog import Row, finite
from engine.cli.follow import follow
from engine.cli.requests import overrides
from engine.cli.run import report_trouble
from engine.cli.table import table
from engine.errors import UserError
from engine.experiments import ledger, seed, tables
from engine.experiments.ledger import Entry, Ledger
from engine.experiments.seed import Stage
from engine.jobs import Request
from engine.paths import runs_root
from engine.report import folder
from engine.runs import Run
from engine.summary import Status
from engine.text import clock


def experiment(arguments: Namespace) -> int:
    """`yiwen experiment [seed]`."""
    root = runs_root(arguments.runs)
    if not arguments.name:
        return _list(root, arguments)
    models = [name for given in arguments.model for name in given.split(",") if name]
    stages = seed.stages(Request(root, "qlora", overrides=overrides(arguments)), models)
    found = _open(root, arguments.name, stages, new=arguments.new)
    with found.at_work():
        found = ledger.read(found.folder)  # another program may have been at it until now
        runs = _work(found, stages, _again(arguments))
        if runs is None:
            return 1
        rows = [Row(run, run.settings, run.summary()) for run in runs]
        extra = tables.as_markdown(stages, rows)
        page = folder.write(
            list({run.id: run for run in runs}.values()), found.report_folder, extra
        )
    if arguments.json:
        print(json.dumps(_as_dict(found, stages, rows, page), ensure_ascii=False))
        return 0
    for one in tables.tables(stages, rows):
        print(f"{one.title}\n\n{table(one.header, one.rows, one.right)}\n")
    print("\n".join([*tables.notes(stages, rows), f"The report: {page}"]))
    return 0


def _open(root: Path, name: str, stages: list[Stage], *, new: bool) -> Ledger:
    """The experiment with these settings, or a new one; says which."""
    found = None if new else ledger.find(root, stages)
    if found is not None:
        _say(f"experiment {found.name} of {found.contents.created}")
        return found
    earlier = ledger.list_all(root)
    changed = ledger.changes(earlier[0], stages) if earlier and not new else []
    made = ledger.make(root, name, stages, reuse=not new)
    if changed:
        shown = "; ".join(changed[:3]) + (f" and {len(changed) - 3} more" if changed[3:] else "")
        _say(f"settings are not those of experiment {earlier[0].name}: {shown}")
    _say(f"new experiment {made.name}: {made.folder}")
    return made


def _work(found: Ledger, stages: list[Stage], again: str) -> list[Run] | None:
    """Make or finish the run of each stage, in order; None if one does not finish."""
    runs = []
    for number_, (stage, entry) in enumerate(zip(stages, found.contents.stages), 1):
        place = f"{number_} of {len(stages)}: "
        run = _run_of(found, stage, entry)
        status = run.summary().status
        verb = {Status.FINISHED: "done", Status.STARTING: "starts"}.get(status, "goes on")
        if run.alive():
            verb = "is under way"
        if not run.events_path.exists():
            verb = "starts"
        _say(f"{place}{stage.question}, {stage.title}: {verb}, run {run.id}")
        if status is not Status.FINISHED:
            if not run.alive():
                launch.start(run)
            try:
                summary = follow(run, place)
            except KeyboardInterrupt:
                _say(f"Later: {again}")
                raise
            if summary.status is not Status.FINISHED:
                report_trouble(run, summary)
                _say(f"The experiment goes on from there with: {again}")
                return None
            measured = Row(run, run.settings, summary).perplexity_text
            _say(f"{place}test perplexity {measured} after {clock(summary.seconds)}")
        runs.append(run)
    return runs


def _run_of(found: Ledger, stage: Stage, entry: Entry) -> Run:
    """The stage's run, made now if it is not there."""
    run = found.run_of(entry)
    if run is None:
        if entry.run:
            _say(f"run {entry.run} is gone; it is made again")
        run = jobs.prepare(stage.request)
        entry.run = run.id
        found.save()
    return run


def _again(arguments: Namespace) -> str:
    """The command that continues; `--new` would begin anew."""
    words = ["yiwen", "experiment", arguments.name]
    for option in ("model", "set"):
        for value in getattr(arguments, option):
            words += [f"--{option}", value]
    for option in ("train", "validation", "test", "runs", "examples"):
        if getattr(arguments, option) not in ("", None):
            words += [f"--{option}", str(getattr(arguments, option))]
    words += ["--no-outputs"] if arguments.no_outputs else []
    return shlex.join(words)


def _list(root: Path, arguments: Namespace) -> int:
    given = [name for name in ("new", "no_outputs", "model", "set") if getattr(arguments, name)]
    if given:
        raise UserError("name the experiment: yiwen experiment seed …")
    found = ledger.list_all(root)
    if arguments.json:
        print(json.dumps([_listed(one) for one in found], ensure_ascii=False))
    elif found:
        header = ["experiment", "stage", "status", "ppl", "run"]
        print(table(header, [line for one in found for line in _lines(one)], right=(3,)))
    else:
        print(
            f"No experiments in {root} yet. `yiwen experiment seed` repeats the seed homework's "
            "report on its models; `--model tiny` on the embedded one, in a few minutes."
        )
    return 0


def _lines(one: Ledger) -> list[list[str]]:
    lines = []
    for entry in one.contents.stages:
        run = one.run_of(entry)
        summary = run.summary() if run else None
        measured = Row(run, run.settings, summary).perplexity_text if run and summary else "–"
        status = f"{summary.status.symbol} {summary.status.value}" if summary else "– to be made"
        if run and summary and not run.events_path.exists() and not run.alive():
            status = "– to be started"
        lines.append([one.name, f"{entry.question} {entry.title}", status, measured, entry.run])
    return lines


def _listed(one: Ledger) -> dict[str, object]:
    stages = []
    for entry in one.contents.stages:
        status = one.state(entry)
        stages.append(
            {"question": entry.question, "title": entry.title, "profile": entry.profile,
             "strategy": entry.strategy, "run": entry.run or None,
             "status": status.value if status else None}
        )  # fmt: skip
    return {"name": one.name, "created": one.contents.created, "stages": stages}


def _as_dict(found: Ledger, stages: list[Stage], rows: list[Row], page: Path) -> dict[str, object]:
    results = []
    for stage, row in zip(stages, rows):
        said = seed.reported(stage.profile)
        score = row.summary.score
        results.append(
            {"question": stage.question, "profile": stage.profile.name,
             "strategy": stage.request.strategy, "run": row.run.id,
             "reported": said.by_strategy.get(stage.request.strategy),
             "perplexity": finite(score.perplexity) if score else None}
        )  # fmt: skip
    return {"experiment": found.name, "results": results, "report": str(page)}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
