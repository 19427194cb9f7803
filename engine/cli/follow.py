"""Follows a run in the terminal: one progress line with an ETA, and a question at Ctrl-C."""

from __future__ import annotations

import math
import shlex
import sys
import time

from engine.cli.output import put_codes
from engine.cli.progress_line import ProgressLine
from engine.language.errors import RunError
from engine.language.figures import clock, number, progress, thousands
from engine.language.said import labelled
from engine.language.texts import _
from engine.machine import user_settings
from engine.run import events
from engine.run.alarm import Alarm
from engine.run.alarms import Watch
from engine.run.folder import Run
from engine.run.summary import Status, Summary
from engine.run.tail import Tail
from engine.run.time_left import TimeLeft
from engine.run.words import phase_name, skipped_words, status_word
from engine.start import launch, notice

_POLL = 0.25
_TELL_AGAIN = 600.0
"""Seconds that an alarm must have been silent before it is told again."""


def follow(run: Run, before: str = "") -> Summary:
    """Show progress on standard error until the run ends; returns what it came to.

    `before` stands at the head of the line. Raises KeyboardInterrupt if the user chose to leave it
    running.
    """
    progress = ProgressLine()
    tail = Tail(run.events_path)
    summary = Summary()
    time_left = TimeLeft(run.settings.profile)
    told = _Told(run)
    was_alive = False
    while True:
        try:
            alive = run.alive()  # before reading: what it wrote last is then read for sure
            new = tail.read()
            for event in new:
                summary.apply(event)
                if isinstance(event, events.Warned):
                    progress.note(_warning(event))
                elif isinstance(event, events.Skipped):
                    progress.note(f"! {skipped_words(event)}")
            time_left.extend(new)
            waits = not alive and run.waits()
            summary.settle(alive, waits)
            for alarm in told.new_alarms(new, alive):
                progress.note(f"! {alarm}")
            # Not: ended, for a resumed run still shows its old end for a moment.
            if not alive and not waits:
                progress.end()
                if was_alive:
                    _call(run, summary)
                return summary
            was_alive = True
            line = progress_line(summary, time_left.seconds)
            progress.show(str(labelled(before, line)) if before else line)
            time.sleep(_POLL)
        except KeyboardInterrupt:
            progress.end()
            _ask(run)


def _warning(event: events.Warned) -> str:
    message, hint = event.words("message"), event.words("hint")
    return _("! {message} ({hint})").format(message=message, hint=hint) if hint else f"! {message}"


def _ask(run: Run) -> None:
    """Stop it, leave it, or go on watching."""
    if not sys.stdin.isatty():
        print(_("left running: yiwen watch {run}").format(run=shlex.quote(run.id)), file=sys.stderr)
        raise KeyboardInterrupt
    question = _("Leave it [r]unning, [s]top it, or go on [w]atching?")
    print(f"{question} ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline().strip().lower()
    if answer.startswith("s"):
        try:
            launch.request_stop(run)
        except RunError as error:
            print(error, file=sys.stderr)
    elif answer.startswith("r"):
        goes_on = _("It goes on. Come back with: yiwen watch {run}")
        print(goes_on.format(run=shlex.quote(run.id)), file=sys.stderr)
        raise KeyboardInterrupt


def _call(run: Run, summary: Summary) -> None:
    """Ring the terminal that waited for the run, as the user has set it."""
    if sys.stderr.isatty():
        wanted = user_settings.load_or_default(lambda text: print(text, file=sys.stderr)).notify
        codes = notice.terminal_codes(notice.sentence(run, summary), wanted)
        put_codes(codes)


class _Told:
    """Alarms of a run, each told once, and again only if it comes back after a long time."""

    def __init__(self, run: Run) -> None:
        self._watch = Watch(run.folder)
        self._seen: dict[str, float] = {}

    def new_alarms(self, new: list[events.Event], alive: bool) -> list[Alarm]:
        """What has not been said lately."""
        self._watch.extend(new)
        now = time.monotonic()
        fresh = []
        for alarm in self._watch.find(alive=alive):
            if now - self._seen.get(alarm.kind, -math.inf) > _TELL_AGAIN:
                fresh.append(alarm)
            self._seen[alarm.kind] = now
        return fresh


def progress_line(summary: Summary, left: float = math.nan) -> str:
    """What a running run is at, and the seconds left for it, in one line."""
    parts = [f"{summary.status.symbol} {status_word(summary.status)}"]
    if summary.steps:
        share = progress(summary.step, summary.steps)
        step = _("step {step}/{steps} {share}")
        parts.append(step.format(step=summary.step, steps=summary.steps, share=share))
    if summary.phase and summary.phase != "training":
        done = f" {summary.phase_done}/{summary.phase_of}" if summary.phase_of else ""
        parts.append(phase_name(summary.phase) + done)
    if summary.step:
        parts.append(_("loss {value}").format(value=number(summary.loss, 3)))
    if summary.score:
        value = number(summary.score.perplexity)
        parts.append(_("test ppl {value}").format(value=value))
    if summary.step:
        parts.append(_("{rate} tok/s").format(rate=thousands(summary.tokens_per_second)))
    parts.append(clock(summary.seconds))
    if summary.status.active and math.isfinite(left):
        parts.append(_("{left} left").format(left=clock(left)))
    return " · ".join(parts)


def exit_status(summary: Summary) -> int:
    """0 if the run did what was asked; a stop that was asked for is no failure."""
    return 0 if summary.status in (Status.FINISHED, Status.STOPPED) else 1
