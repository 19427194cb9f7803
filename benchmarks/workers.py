"""Runs in worker processes, as users start them."""

from __future__ import annotations

import time

from engine.run.folder import Run
from engine.run.summary import Status, Summary
from engine.start import launch


def work(run: Run) -> Summary:
    """Start a prepared run, and wait for its end. Leaves the program if it is not a good one."""
    launch.start(run)
    while run.summary().status.active:
        time.sleep(0.2)
    summary = run.summary()
    if summary.status is not Status.FINISHED or summary.score is None:
        raise SystemExit(f"{run.id}: {summary.status.value}: {summary.message} {summary.hint}")
    return summary
