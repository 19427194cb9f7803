"""The queue of runs on the command line: queue, queue add, move, remove, copy."""

from __future__ import annotations

from argparse import Namespace

from engine.cli import validation_note
from engine.cli.output import print_json
from engine.cli.preflight import training_request
from engine.cli.requests import overrides, request
from engine.cli.table import table
from engine.language.figures import size
from engine.language.texts import _
from engine.machine.hardware import Probe
from engine.machine.paths import runs_root
from engine.prompts import strategies
from engine.queue import queueing, scheduler
from engine.run import runs_folder, waiting_list


def list_waiting(arguments: Namespace) -> int:
    """`yiwen queue`."""
    root = runs_root(arguments.runs)
    found = scheduler.look(root, Probe())
    if arguments.json:
        rows = [
            {
                "run": waiting.run.id,
                "memory": waiting.entry.memory or None,
                "may_start": waiting.place.free,
                "reason": str(waiting.place.reason),
            }
            for waiting in found
        ]
        print_json(rows)
    elif not found:
        print(_("Nothing waits: `yiwen queue add tiny` puts a run in the queue."))
    else:
        cells = [
            [
                str(number),
                waiting.run.id,
                size(waiting.entry.memory) if waiting.entry.memory else "?",
                waiting.place.reason or _("starts in a moment"),
            ]
            for number, waiting in enumerate(found, 1)
        ]
        print(table(["", _("run"), _("needs"), _("waits for")], cells, right=(0, 2)))
    return 0


def add(arguments: Namespace) -> int:
    """`yiwen queue add PROFILE`."""
    if strategies.get(arguments.strategy).trains:
        asked = training_request(arguments)
    else:
        arguments.target = arguments.profile
        asked = request(arguments)
    run = queueing.enqueue(asked)
    validation_note.tell(asked, run.settings)
    return _said(run.id, arguments)


def copy(arguments: Namespace) -> int:
    """`yiwen queue copy RUN --set KEY=VALUE`."""
    root = runs_root(arguments.runs)
    like = runs_folder.find(root, arguments.run)
    return _said(queueing.enqueue(queueing.again(like, overrides(arguments))).id, arguments)


def move(arguments: Namespace) -> int:
    """`yiwen queue move RUN PLACE`."""
    root = runs_root(arguments.runs)
    run = queueing.find(root, arguments.run)
    waiting_list.move(root, run.id, arguments.place - 1)
    return list_waiting(arguments)


def remove(arguments: Namespace) -> int:
    """`yiwen queue remove RUN`."""
    root = runs_root(arguments.runs)
    run = queueing.find(root, arguments.run)
    queueing.withdraw(run)
    print(_("{run}: removed; it had not begun").format(run=run.id))
    return 0


def _said(run_id: str, arguments: Namespace) -> int:
    if arguments.json:
        print_json({"run": run_id, "status": "waiting"})
    else:
        print(run_id)
    return 0
