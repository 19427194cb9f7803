"""Puts runs in the queue: made and checked now, started by the scheduler when their turn comes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.language.errors import RunError
from engine.language.said import listed
from engine.machine.hardware import Probe
from engine.queue import scheduler
from engine.run import runs_folder, waiting_list
from engine.run.folder import Run
from engine.run.waiting_list import Entry
from engine.start import preflight
from engine.start.request import Request, prepare


def enqueue(request: Request) -> Run:
    """Make the run and let it wait; profile and data are those of now. Raises UserError."""
    memory = preflight.least_memory(request, Probe())
    run = prepare(request)
    waiting_list.add(request.root, Entry(run.id, memory))
    scheduler.ensure(request.root)
    return run


def again(run: Run, overrides: Mapping[str, str]) -> Request:
    """The request for a run like another, but for some settings."""
    settings = run.settings
    return Request(
        root=run.folder.parent,
        strategy=settings.strategy,
        like=run,
        overrides={**settings.overrides, **overrides},
        gpu=settings.gpu,
    )


def find(root: Path, key: str) -> Run:
    """A waiting run by its place (1 is next) or by a unique part of its id. Raises RunError."""
    entries = waiting_list.read(root)
    if key.isdigit() and 1 <= int(key) <= len(entries):
        return Run(root / entries[int(key) - 1].run)
    found = [entry.run for entry in entries if key and key in entry.run]
    if len(found) == 1:
        return Run(root / found[0])
    if not found:
        raise RunError("no run '{key}' waits; `yiwen queue` lists those that do", key=key)
    raise RunError(
        "'{key}' fits {count} waiting runs: {runs}",
        key=key,
        count=len(found),
        runs=listed(found),
    )


def withdraw(run: Run) -> None:
    """Take a run out of the queue, and its folder away, for nothing was done in it yet.

    Raises RunError if it began in the meantime.
    """
    if not waiting_list.remove(run.folder.parent, run.id):
        raise RunError("run {run} does not wait", run=run.id)
    if not run.events_path.exists():
        runs_folder.delete(run)
