"""Follows a run's events, old or live, and posts what is new."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable

from engine.run.alarm import Alarm
from engine.run.alarms import Watch
from engine.run.folder import Run
from engine.run.summary import Summary
from engine.run.tail import Tail
from tui.run.messages import RunEvents

POLL_SECONDS = 0.25
IDLE_SECONDS = 1.0
"""Between two looks at a run without a worker: somebody may resume it, here or elsewhere."""
_NAP_SECONDS = 0.05
SLICE_BYTES = 256 << 10
"""Read at a time: so little that the screen stays quick during a replay."""


def follow(
    run: Run,
    post: Callable[[RunEvents], object],
    is_cancelled: Callable[[], bool],
    *,
    stays: bool = False,
) -> None:
    """Post a run's events from the first on, until it has ended and all were read.

    If it `stays`, until it is cancelled: the run may be resumed, by whomever. Blocks; call it from
    a thread.
    """
    tail = Tail(run.events_path)
    summary = Summary()
    watch = Watch(run.folder)
    alarms: list[Alarm] = []
    while not is_cancelled():
        alive = run.alive()  # asked before reading: what it wrote before it died is read below
        before = summary.status
        events = tail.read(SLICE_BYTES)
        for event in events:
            summary.apply(event)
        caught_up = not events or tail.offset >= _size(run)
        watch.extend(events)
        known = alarms
        if caught_up:
            waits = not alive and run.waits()
            summary.settle(alive, waits)
            alarms = watch.find(alive=alive)
        if events or summary.status is not before or alarms != known:
            post(RunEvents(run, events, copy.copy(summary), caught_up, alarms))
        if not caught_up:
            time.sleep(0)  # lets the screen's thread in
        elif not (stays or alive or waits):
            return
        else:
            _sleep(POLL_SECONDS if alive or waits else IDLE_SECONDS, is_cancelled)


def _size(run: Run) -> int:
    try:
        return run.events_path.stat().st_size
    except OSError:
        return 0


def _sleep(seconds: float, is_cancelled: Callable[[], bool]) -> None:
    """Wait for the next look, in naps: a thread that sleeps on delays quitting."""
    for _ in range(round(seconds / _NAP_SECONDS)):
        if is_cancelled():
            return
        time.sleep(_NAP_SECONDS)
