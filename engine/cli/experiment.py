"""The experiment command: a series of runs made, followed, continued."""

from __future__ import annotations

import shlex
import sys
from argparse import Namespace
from pathlib import Path

from engine.cli.experiment_list import list_experiments
from engine.cli.follow import follow
from engine.cli.output import print_json
from engine.cli.requests import overrides
from engine.cli.run import report_trouble
from engine.cli.table import table
from engine.course import year
from engine.experiments import course, ledger, tables
from engine.experiments import series as series_of_runs
from engine.experiments.ledger import Entry, Ledger
from engine.experiments.seed import SEED
from engine.experiments.series import Series, Stage, title_in_words
from engine.language.errors import UserError
from engine.language.figures import clock
from engine.language.said import labelled
from engine.language.texts import _
from engine.machine.paths import runs_root
from engine.prompts.strategies import QLORA
from engine.report import folder
from engine.run.folder import Run
from engine.run.summary import Status
from engine.start import launch, request
from engine.start.request import Request
from engine.table.catalog import Row, finite


def experiment(arguments: Namespace) -> int:
    """`yiwen experiment [seed | course]`."""
    root = runs_root(arguments.runs)
    if not arguments.name:
        return _list(root, arguments)
    models = [name for given in arguments.model for name in given.split(",") if name]
    asked = Request(root, QLORA.name, overrides=overrides(arguments))
    series = _series(arguments)
    stages = series_of_runs.stages(series, asked, models)
    found = _open(root, series.name, stages, new=arguments.new)
    with found.at_work():
        found = ledger.read(found.folder)  # another program may have been at it until now
        runs = _work(found, stages, _again(arguments))
        if runs is None:
            return 1
        rows = [Row(run, run.settings, run.summary()) for run in runs]
        extra = tables.as_markdown(series, stages, rows)
        page = folder.write(
            list({run.id: run for run in runs}.values()), found.report_folder, extra
        )
    if arguments.json:
        print_json(_as_dict(found, stages, rows, page))
        return 0
    for one in tables.tables(series, stages, rows):
        print(f"{one.title}\n\n{table(one.header, one.rows, one.right)}\n")
    print(
        "\n".join(
            [
                *map(str, tables.notes(series, stages, rows)),
                _("The report: {page}").format(page=page),
            ]
        )
    )
    return 0


def _series(arguments: Namespace) -> Series:
    if arguments.name == "course":
        return course.of_year(year.newest() if arguments.year is None else year.get(arguments.year))
    if arguments.year is not None:
        raise UserError(_("--year belongs to `yiwen experiment course`"))
    return SEED


def _open(root: Path, name: str, stages: list[Stage], *, new: bool) -> Ledger:
    """The experiment with these settings, or a new one; says which."""
    found = None if new else ledger.find(root, stages)
    if found is not None:
        said = _("experiment {name} of {created}")
        _say(said.format(name=found.name, created=found.contents.created))
        return found
    earlier = ledger.list_all(root)
    changed = ledger.changes(earlier[0], stages) if earlier and not new else []
    made = ledger.make(root, name, stages, reuse=not new)
    if changed:
        _say(_changed(earlier[0].name, changed))
    _say(_("new experiment {name}: {folder}").format(name=made.name, folder=made.folder))
    return made


def _changed(earlier: str, changes: list[str]) -> str:
    said = _("settings are not those of experiment {name}: {changes}")
    if len(changes) > 3:
        said = _("settings are not those of experiment {name}: {changes} and {count} more")
    shown = _("; ").join(changes[:3])
    return said.format(name=earlier, changes=shown, count=len(changes) - 3)


def _work(found: Ledger, stages: list[Stage], again: str) -> list[Run] | None:
    """Make or finish the run of each stage, in order; None if one does not finish."""
    runs = []
    for number_, (stage, entry) in enumerate(zip(stages, found.contents.stages), 1):
        place = _("{number} of {count}").format(number=number_, count=len(stages))
        run = _run_of(found, stage, entry)
        status = run.summary().status
        said = _("{question}, {stage}: {state}, run {run}").format(
            question=stage.question,
            stage=title_in_words(stage.title, stage.profile.name),
            state=_state(run, status),
            run=run.id,
        )
        _say(str(labelled(place, said)))
        if status is not Status.FINISHED:
            if not run.is_busy():
                launch.start(run)
            try:
                summary = follow(run, place)
            except KeyboardInterrupt:
                _say(_("Later: {command}").format(command=again))
                raise
            if summary.status is not Status.FINISHED:
                report_trouble(run, summary)
                goes_on = _("The experiment goes on from there with: {command}")
                _say(goes_on.format(command=again))
                return None
            measured = Row(run, run.settings, summary).perplexity_text
            scored = _("test perplexity {value} after {time}")
            _say(str(labelled(place, scored.format(value=measured, time=clock(summary.seconds)))))
        runs.append(run)
    return runs


def _state(run: Run, status: Status) -> str:
    """What becomes of a stage's run now."""
    if not run.events_path.exists():
        return _("starts")
    if run.alive():
        return _("is under way")
    states = {Status.FINISHED: _("done"), Status.STARTING: _("starts")}
    return states.get(status, _("goes on"))


def _run_of(found: Ledger, stage: Stage, entry: Entry) -> Run:
    """The stage's run, made now if it is not there."""
    run = found.run_of(entry)
    if run is None:
        if entry.run:
            _say(_("run {run} is gone; it is made again").format(run=entry.run))
        run = request.prepare(stage.request)
        entry.run = run.id
        found.save()
    return run


def _again(arguments: Namespace) -> str:
    """The command that continues; `--new` would begin anew."""
    words = ["yiwen", "experiment", arguments.name]
    words += ["--year", str(arguments.year)] if arguments.year is not None else []
    for option in ("model", "set"):
        for value in getattr(arguments, option):
            words += [f"--{option}", value]
    for option in ("train", "validation", "test", "runs", "examples"):
        if getattr(arguments, option) not in ("", None):
            words += [f"--{option}", str(getattr(arguments, option))]
    words += ["--no-outputs"] if arguments.no_outputs else []
    return shlex.join(words)


def _list(root: Path, arguments: Namespace) -> int:
    given = [
        name for name in ("new", "no_outputs", "model", "set", "year") if getattr(arguments, name)
    ]
    if given:
        raise UserError(_("name the experiment: yiwen experiment seed …"))
    return list_experiments(root, arguments.json)


def _as_dict(found: Ledger, stages: list[Stage], rows: list[Row], page: Path) -> dict[str, object]:
    results = []
    for stage, row in zip(stages, rows):
        score = row.summary.score
        results.append(
            {
                "question": stage.question,
                "profile": stage.profile.name,
                "strategy": stage.request.strategy,
                "run": row.run.id,
                "reported": stage.reported.by_strategy.get(stage.request.strategy),
                "perplexity": finite(score.perplexity) if score else None,
            }
        )
    return {"experiment": found.name, "results": results, "report": str(page)}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
