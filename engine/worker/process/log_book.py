"""The story of a run in worker.log, for people: each event that counts is a line with its time.

It is in English, as the libraries' own lines between are.
"""

from __future__ import annotations

import contextlib
import math
import os
import time

from engine.language.errors import RunError
from engine.language.figures import clock, number, rate, size, thousands
from engine.language.plain_text import plain
from engine.language.said import english
from engine.run.events import (
    Evaluated,
    Event,
    Failed,
    Finished,
    Judged,
    Phase,
    Probed,
    Saved,
    Skipped,
    Started,
    Step,
    Stopped,
    Warned,
)
from engine.run.folder import Run
from engine.run.words import skipped_words

_LINES = 50
"""Steps that are told of a run, evenly spread."""
_SILENCE = 60.0
"""Seconds after which a step is told out of turn: a slow run must not look dead."""
_BRIEF = 0.1
"""Seconds of a phase whose end is not worth a line."""


class LogBook:
    """Told every event in order; prints those that count."""

    def __init__(self, run: Run | None = None) -> None:
        """A log of a run begins with what the run is."""
        self._run = run
        self._phase: Phase | None = None
        self._told_step = -math.inf
        self._began = math.nan

    def tell(self, event: Event) -> None:
        """Print the lines of an event. A full disk costs lines, never the run."""
        with contextlib.suppress(OSError, ValueError):
            if self._run is not None:
                print(f"{_time_of(event)}  {_flat(_heading(self._run, event))}", flush=True)
                self._run = None
            for line in self.lines(event):
                print(f"{_time_of(event)}  {_flat(line)}", flush=True)

    def lines(self, event: Event) -> list[str]:
        """What an event is worth, without the time."""
        said = self._of_phase(event)
        if isinstance(event, Step):
            said += self._of_step(event)
        elif isinstance(event, Started):
            self._began = event.at
            said.append(_of_start(event))
        elif isinstance(event, Finished | Stopped):
            said.append(_of_end(event, event.at - self._began))
        else:
            said += _of_others(event)
        return said

    def _of_phase(self, event: Event) -> list[str]:
        """A phase that is named and not counted begins; the next event of another kind ends it."""
        before = self._phase
        if isinstance(event, Phase):
            if before is not None and before.name == event.name:
                return []
            self._phase = None if event.of else event
        elif isinstance(event, Warned):
            return []
        else:
            self._phase = None
        said = []
        if before is not None and event.at - before.at >= _BRIEF:
            said.append(f"{before.name}: done in {event.at - before.at:.1f} s")
        if self._phase is not None:
            said.append(f"{self._phase.name} …")
        return said

    def _of_step(self, event: Step) -> list[str]:
        every = max(1, event.of // _LINES)
        is_due = event.step in (1, event.of) or event.step % every == 0
        if not is_due and event.at - self._told_step < _SILENCE:
            return []
        self._told_step = event.at
        memory = f"  {size(event.memory)}" if event.memory else ""
        return [
            f"step {event.step:,}/{event.of:,}  loss {event.loss:.4f}  lr {rate(event.lr)}  "
            f"grad {event.grad_norm:.2f}  {thousands(event.tokens_per_second)} tok/s{memory}"
        ]


def _time_of(event: Event) -> str:
    return time.strftime("%H:%M:%S", time.localtime(event.at))


def _flat(text: str) -> str:
    return " ".join(plain(text).splitlines())


def _heading(run: Run, event: Event) -> str:
    """What begins, and on which day."""
    day = time.strftime("%Y-%m-%d", time.localtime(event.at))
    parts = [f"{day}  run {run.id}"]
    with contextlib.suppress(RunError):
        settings = run.settings
        profile = settings.profile
        parts += [f"{settings.job} {profile.name} by {settings.strategy}"]
        parts += [f"model {profile.model.path}", f"weights {profile.quantization.method}"]
    return ", ".join([*parts, f"process {os.getpid()}"])


def _of_start(event: Started) -> str:
    parts = ["started"]
    if event.steps:
        parts.append(f"{event.steps:,} steps over {event.pairs:,} pairs")
    if event.left_out:
        parts.append(f"{event.left_out:,} pairs left out, being too long")
    if event.resumed_from:
        parts.append(f"resumed after step {event.resumed_from:,}")
    parts += [f"on {event.device}"] if event.device else []
    parts += [f"engine: {event.engine}"] if event.engine else []
    return ", ".join(parts)


def _of_end(event: Finished | Stopped, seconds: float) -> str:
    if isinstance(event, Stopped):
        kept = f", saved as {event.checkpoint}" if event.checkpoint else ", nothing to save"
        at = f" after step {event.step:,}" if event.step else ""
        return f"stopped as asked{at}{kept}; {clock(seconds)} of work"
    parts = ["finished"]
    if event.score is not None:
        parts.append(f"test perplexity {number(event.score.perplexity)}")
    parts += [f"result is {event.checkpoint}"] if event.checkpoint else []
    return ", ".join([*parts, f"{clock(seconds)} of work"])


def _of_others(event: Event) -> list[str]:
    if isinstance(event, Evaluated):
        found = f"{number(event.score.perplexity)} over {event.score.samples:,} pairs"
        at = f"step {event.step:,}: " if event.step else ""
        return [f"{at}evaluated, {event.part} perplexity {found}, in {event.seconds:.1f} s"]
    if isinstance(event, Judged):
        measures = {"BLEU": event.judgement.bleu, "chrF": event.judgement.chrf}
        said = [f"{name} {number(one.value)}" for name, one in measures.items() if one]
        return [f"judged the results{': ' if said else ''}{', '.join(said)}"]
    if isinstance(event, Saved):
        return [f"saved {event.checkpoint}{', the best so far' if event.best else ''}"]
    if isinstance(event, Probed):
        return [f"measured {event.tokens_step:,} tokens in {event.seconds_step:.2f} s"]
    if isinstance(event, Skipped):
        return [f"{english(skipped_words(event))}; its pairs: {', '.join(event.items)}"]
    if isinstance(event, Warned):
        return [f"warning: {event.message}{'; ' + event.hint if event.hint else ''}"]
    if isinstance(event, Failed):
        return [f"failed: {event.message}{'; ' + event.hint if event.hint else ''}"]
    return []
