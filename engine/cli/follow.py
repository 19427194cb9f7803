"""Follows a run in the terminal: one progress line with an ETA, and a question at Ctrl-C."""

from __future__ import annotations

import sys
import time

from engine import events, launch
from engine.cli.progress_line import ProgressLine
from engine.errors import RunError
from engine.runs import Run
from engine.summary import Status, Summary
from engine.text import clock, number, thousands

_POLL = 0.25


def follow(run: Run) -> Summary:
    """Show progress on standard error until the run ends; returns what it came to.

    Raises KeyboardInterrupt if the user chose to leave it running.
    """
    progress = ProgressLine()
    tail = events.Tail(run.events_path)
    summary = Summary()
    while True:
        try:
            alive = run.alive()  # before reading: what it wrote last is then read for sure
            for event in tail.read():
                summary.apply(event)
                if isinstance(event, events.Warned):
                    progress.note(f"! {event.message}" + (f" ({event.hint})" if event.hint else ""))
            summary.settle(alive)
            if not alive:  # not: ended, for a resumed run still shows its old end for a moment
                progress.end()
                return summary
            progress.show(progress_line(summary))
            time.sleep(_POLL)
        except KeyboardInterrupt:
            progress.end()
            _ask(run)


def _ask(run: Run) -> None:
    """Stop it, leave it, or go on watching."""
    if not sys.stdin.isatty():
        print(f"left running: yiwen watch {run.id}", file=sys.stderr)
        raise KeyboardInterrupt
    print(
        "Leave it [r]unning, [s]top it, or go on [w]atching? ", end="", file=sys.stderr, flush=True
    )
    answer = sys.stdin.readline().strip().lower()
    if answer.startswith("s"):
        try:
            launch.request_stop(run)
        except RunError as error:
            print(error, file=sys.stderr)
    elif answer.startswith("r"):
        print(f"It goes on. Come back with: yiwen watch {run.id}", file=sys.stderr)
        raise KeyboardInterrupt


def progress_line(summary: Summary) -> str:
    """What a running run is at, in one line."""
    parts = [f"{summary.status.symbol} {summary.status.value}"]
    if summary.steps:
        parts.append(f"step {summary.step}/{summary.steps} {summary.step / summary.steps:.0%}")
    if summary.phase and summary.phase != "training":
        done = f" {summary.phase_done}/{summary.phase_of}" if summary.phase_of else ""
        parts.append(summary.phase + done)
    if summary.step:
        parts.append(f"loss {number(summary.loss, 3)}")
    if summary.score:
        parts.append(f"test ppl {number(summary.score.perplexity)}")
    if summary.step:
        parts.append(f"{thousands(summary.tokens_per_second)} tok/s")
    parts.append(clock(summary.seconds))
    if summary.steps and summary.step:
        parts.append(f"{clock(summary.seconds_left)} left")
    return " · ".join(parts)


def exit_status(summary: Summary) -> int:
    """0 if the run did what was asked; a stop that was asked for is no failure."""
    return 0 if summary.status in (Status.FINISHED, Status.STOPPED) else 1
