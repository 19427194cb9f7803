"""Commands that start, follow and end runs."""

from __future__ import annotations

import json
import shlex
import sys
from argparse import Namespace
from typing import Any

from engine.cli import validation_note
from engine.cli.follow import exit_status, follow
from engine.cli.output import print_json
from engine.cli.preflight import training_request
from engine.cli.question import is_wanted
from engine.cli.requests import absolute, request
from engine.cli.result import as_data, describe_result
from engine.language.errors import RunError, UserError
from engine.language.plain_text import one_line
from engine.language.texts import _, plural
from engine.machine import lock
from engine.machine.files import write_atomically
from engine.machine.paths import in_full, runs_root
from engine.queue import scheduler
from engine.run import runs_folder
from engine.run.folder import Run
from engine.run.judgement import metric_values
from engine.run.summary import Status, Summary
from engine.run.words import status_word
from engine.scores import result_lines
from engine.start import launch, start_room
from engine.start.request import Request, prepare, resolve_gpu
from engine.table.catalog import finite


def tui_only(arguments: Namespace) -> int:
    """The workbench is opened by the `yiwen` command itself."""
    raise UserError(_("the workbench is opened with the `yiwen` command: yiwen tui"))


def train(arguments: Namespace) -> int:
    """`yiwen train PROFILE`."""
    return _prepare_and_start(training_request(arguments), arguments)


def evaluate(arguments: Namespace) -> int:
    """`yiwen evaluate PROFILE|RUN`."""
    return _prepare_and_start(request(arguments), arguments)


def predict(arguments: Namespace) -> int:
    """`yiwen predict RUN FILE -o prediction.json`."""
    target = in_full(arguments.output)
    if not target.parent.is_dir():
        raise UserError(
            _("{folder}: no such folder for the predictions").format(folder=target.parent)
        )
    if target.is_dir():
        raise UserError(
            _("{target}: is a folder; -o names the file of predictions").format(target=target)
        )
    arguments.test = absolute(arguments.file)
    asked = request(arguments, predict=True)
    if arguments.detach:
        return _prepare_and_start(asked, arguments)
    gpu = start_room.find_gpu(asked)
    run = prepare(asked)
    launch.start(run, gpu=gpu)
    summary = follow(run)
    if summary.status is not Status.FINISHED:
        return report_trouble(run, summary)
    answers = [
        {"id": result.own_id, "output": result.output or ""}
        for result in result_lines.of_run(run, summary)
    ]
    write_atomically(target, (json.dumps(answers, ensure_ascii=False, indent=1) + "\n").encode())
    if arguments.json:
        written = {"run": run.id, "file": str(target), "items": len(answers)}
        print_json({**written, "judged": as_data(summary)})
    else:
        said = plural(
            "{count:,} translation in {file}", "{count:,} translations in {file}", len(answers)
        )
        print(said.format(count=len(answers), file=target))
        if summary.judged:
            print(describe_result(run, summary))
    return 0


def watch(arguments: Namespace) -> int:
    """`yiwen watch [RUN]`."""
    root = runs_root(arguments.runs)
    run = runs_folder.find(root, arguments.run)
    scheduler.ensure(root)  # it may be one that waits
    return _report(run, follow(run), arguments.json)


def resume(arguments: Namespace) -> int:
    """`yiwen resume RUN`."""
    run = runs_folder.find(runs_root(arguments.runs), arguments.run)
    if not _is_seen(run, arguments.take_over):
        return 1
    if run.alive() and run.summary().ended:
        print(_("{run}: waiting for its worker to leave …").format(run=run.id), file=sys.stderr)
    if run.is_busy():
        raise RunError(
            _("run {run} is running; `yiwen watch {run}` follows it").format(
                run=shlex.quote(run.id)
            )
        )
    if run.summary().status is Status.FINISHED:
        raise RunError(_("run {run} is finished; there is nothing to resume").format(run=run.id))
    return _start(run, arguments, gpu=resolve_gpu(arguments.gpu))


def _is_seen(run: Run, take_over: bool) -> bool:
    """May a run be gone on with, as far as its last worker is concerned? Asks where it can."""
    elsewhere = lock.unseen(run.folder)
    if elsewhere is None:
        return True
    if not take_over and sys.stdin.isatty():
        question = _(
            "{run} was started on {host}, which cannot be seen from here; is its worker gone? [y/N]"
        )
        asked = question.format(run=one_line(run.id), host=one_line(elsewhere.host))
        if not is_wanted(asked):
            return False
    elif not take_over:
        launch.require_seen(run)
    lock.dismiss(run.folder)
    return True


def stop(arguments: Namespace) -> int:
    """`yiwen stop RUN`."""
    run = runs_folder.find(runs_root(arguments.runs), arguments.run)
    launch.request_stop(run, force=arguments.force)
    stopped = _("{run}: finishes its step, saves and stops")
    print((_("{run}: killed") if arguments.force else stopped).format(run=run.id))
    return 0


def delete(arguments: Namespace) -> int:
    """`yiwen delete RUN`."""
    root = runs_root(arguments.runs)
    run = runs_folder.find_inside(root, arguments.run)
    if not arguments.yes:
        if not sys.stdin.isatty():
            raise UserError(_("delete asks first; without a terminal say --yes"))
        question = _("Delete {run} ({size:.1f} MiB), checkpoints and all? [y/N]")
        if not is_wanted(question.format(run=run.id, size=run.size() / 2**20)):
            return 1
    runs_folder.delete(run)
    print(_("{run}: deleted").format(run=run.id))
    return 0


def _prepare_and_start(asked: Request, arguments: Namespace) -> int:
    """Make a run and start it, if there is a GPU with room for it or no GPU at all."""
    gpu = start_room.find_gpu(asked)
    run = prepare(asked)
    validation_note.tell(asked, run.settings)
    return _start(run, arguments, gpu=gpu)


def _start(run: Run, arguments: Namespace, *, gpu: str = "") -> int:
    launch.start(run, gpu=gpu)
    if arguments.detach:
        if arguments.json:
            print_json({"run": run.id, "status": "starting"})
        else:
            print(run.id)
        return 0
    print(_("run {run}").format(run=run.id), file=sys.stderr)
    return _report(run, follow(run), arguments.json)


def _report(run: Run, summary: Summary, as_json: bool) -> int:
    if as_json:
        print_json(result(run, summary))
    elif summary.status is Status.FINISHED:
        print(describe_result(run, summary))
    if summary.status is not Status.FINISHED:
        return report_trouble(run, summary)
    return exit_status(summary)


def result(run: Run, summary: Summary) -> dict[str, Any]:
    """The machine-readable result of a run that trained, or of one that scored."""
    score = summary.score
    base: dict[str, Any] = {
        "run": run.id,
        "status": summary.status.value,
        "strategy": run.settings.strategy,
    }
    if run.settings.job == "train":
        base |= {
            "steps": summary.step,
            "loss": finite(summary.loss),
            "checkpoint": summary.best_checkpoint,
            "chosen_by": run.settings.chosen_by,
            "perplexity_validation": finite(summary.validation),
            "perplexity_untuned": finite(summary.untuned),
            "worse_than_untuned": summary.is_worse,
        }
    return base | {
        "perplexity": finite(score.perplexity) if score else None,
        "perplexity_corpus": finite(score.perplexity_corpus) if score else None,
        "perplexity_repaired": finite(summary.repaired.perplexity) if summary.repaired else None,
        "samples": score.samples if score else 0,
        "tokens": score.tokens if score else 0,
        "chosen_on_test": run.settings.chosen_on_test,
        "definition": summary.definition,
        **{name: finite(one) for name, one in metric_values(summary.judgement).items()},
        "judged": as_data(summary),
    }


def report_trouble(run: Run, summary: Summary) -> int:
    """Say on standard error how a run ended that is not finished; returns the exit status."""
    status = status_word(summary.status)
    lines = [_("run {run}: {status}").format(run=run.id, status=status)]
    if summary.status is Status.FAILED:
        lines += [one_line(text) for text in (summary.message, summary.hint) if text]
    elif summary.status is Status.WAITING:
        lines.append(_("it waits in the queue: `yiwen queue` says for what"))
    elif summary.status is Status.INTERRUPTED:
        lines.append(_("its worker is gone; the log is {path}").format(path=run.log_path))
    if run.settings.job == "train":
        goes_on = _("yiwen resume {run} goes on from the last checkpoint")
        if not run.checkpoints():
            goes_on = _("yiwen resume {run} begins it anew: it has no checkpoint yet")
        lines.append(goes_on.format(run=shlex.quote(run.id)))
    print("\n".join(lines), file=sys.stderr)
    return exit_status(summary)
