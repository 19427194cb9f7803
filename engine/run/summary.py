"""What a run's events add up to: status, progress, result; the same for live and old runs."""

from __future__ import annotations

import math
import time
from enum import Enum
from typing import Any

from msgspec import Struct, field

from engine.language.said import Said, Words
from engine.run import definition as definitions
from engine.run import events
from engine.run.device import Device
from engine.run.events import Event, Score
from engine.run.judgement import Judgement
from engine.run.work_time import WorkTime


class Status(str, Enum):
    """Where a run stands."""

    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def active(self) -> bool:
        """Is a worker at it?"""
        return self in (Status.STARTING, Status.RUNNING)

    @property
    def ended(self) -> bool:
        """Has a worker said that it is over?"""
        return self in (Status.FINISHED, Status.STOPPED, Status.FAILED)

    @property
    def symbol(self) -> str:
        """One cell that tells it without colour."""
        return _SYMBOLS[self]


_SYMBOLS = {
    Status.WAITING: "◷",
    Status.STARTING: "○",
    Status.RUNNING: "●",
    Status.FINISHED: "✓",
    Status.STOPPED: "■",
    Status.FAILED: "✗",
    Status.INTERRUPTED: "◌",
}


_NEVER_BEGUN = Said("no worker has begun it")
_WITHOUT_A_WORD = Said(
    "its worker ended without a last word: it was killed, the machine went down, or nothing could "
    "be written any more"
)


class Summary(Struct, array_like=True):
    """The fold over a run's events; feed it with `apply`, in order.

    A resumed run's numbers are the latest; what came before them is kept by `History`.
    """

    status: Status = Status.STARTING
    ended: bool = False
    step: int = 0
    steps: int = 0
    loss: float = math.nan
    lr: float = math.nan
    tokens_per_second: float = math.nan
    tokens: int = 0
    """Seen in training, padding not counted."""
    memory: int = 0
    device: Device | None = None
    phase: str = ""
    phase_done: int = 0
    phase_of: int = 0
    score: Score | None = None
    """On the test file: the final one, else the latest."""
    repaired: Score | None = None
    """Of the test file's second references, where it has some."""
    directions: dict[str, Score] = field(default_factory=dict)
    """`score` by direction."""
    definition: dict[str, str] = field(default_factory=dict)
    """How `score` is defined, in English: two that are defined alike say the same."""
    said: dict[str, Any] = field(default_factory=dict)
    """What of it is read in any language."""
    results_file: str = ""
    """Per-sample results behind `score`, relative to the run folder."""
    judged: events.Judged | None = None
    """What else is said of the evaluation behind `score`: BLEU, chrF, intervals, faults."""
    best_checkpoint: str = ""
    told: events.Warned | events.Failed | None = None
    """Why it failed, or what it warned of last."""
    time: WorkTime = field(default_factory=WorkTime)
    was_resumed: bool = False
    """Did a second worker go on where a first one was cut short?"""
    phase_began: float = math.nan
    """Seconds since the epoch."""
    untuned: float = math.nan
    """Perplexity on the test file before the first step of a training."""
    validation: float = math.nan
    """Perplexity on the validation pairs: of the best checkpoint, else the latest."""
    validated: tuple[int, float] = (-1, math.nan)
    """The latest perplexity on the validation pairs, and its step."""
    skipped: int = 0
    """Steps that were not applied, for their loss or gradient was not finite."""
    unread: int = 0
    """Lines of the events that cannot be read: a byte was changed, or they were torn."""

    def apply(self, event: Event) -> None:
        """Take one event in."""
        if isinstance(event, events.Unknown):
            self.unread += event.is_broken
            return
        if self.ended and not isinstance(event, events.TERMINAL):  # a new worker resumes it
            self.status, self.ended = Status.STARTING, False
        if isinstance(event, events.Step):  # first, for nearly all of a run is steps
            self._apply_step(event)
            return
        before = self.time.latest
        self.time.take(event)
        if isinstance(event, events.Phase):
            if event.name == events.FIRST_PHASE:
                self.status = Status.STARTING
            if event.name != self.phase or event.done < self.phase_done:
                # Not before what was told before it: the machine's clock may have been set back.
                self.phase_began = max(event.at, before)
            self.phase, self.phase_done, self.phase_of = event.name, event.done, event.of
        elif isinstance(event, events.Started):
            self.status = Status.RUNNING
            self.told = None
            self.step, self.steps = event.resumed_from, event.steps
            self.skipped = event.skipped
            self.device = event.place
            self.was_resumed |= event.resumed_from > 0
        elif isinstance(event, events.Evaluated):
            self._apply_score(event)
        elif isinstance(event, events.Judged):
            if event.part == "test":
                self.judged = event
        elif isinstance(event, events.Saved):
            if event.best:
                self.best_checkpoint = event.checkpoint
                if self.validated[0] == event.step:
                    self.validation = self.validated[1]
        elif isinstance(event, events.Skipped):
            self.skipped = event.count
        elif isinstance(event, events.Warned):
            self.told = event
        elif isinstance(event, events.TERMINAL):
            self._apply_end(event)

    @property
    def message(self) -> Words:
        """Why it ended, or what it warned of last; empty if nothing is to be said."""
        if self.status is Status.INTERRUPTED:
            return _NEVER_BEGUN if math.isnan(self.time.latest) else _WITHOUT_A_WORD
        return self.told.words("message") if self.told else ""

    @property
    def hint(self) -> Words:
        """What may help."""
        if self.status is Status.INTERRUPTED:
            return Said("resume it; worker.log may tell more")
        return self.told.words("hint") if self.told else ""

    def defined(self) -> dict[str, Words]:
        """How `score` is defined, for who reads it."""
        return definitions.as_words(self.definition, self.said)

    @property
    def waits_for_room(self) -> bool:
        """Does its worker wait until there is room on the disk?"""
        return self.status.active and self.phase == events.WAITING_FOR_ROOM

    @property
    def is_worse(self) -> bool:
        """Is it worse on the test file than the untuned model was?"""
        return self.score is not None and self.score.perplexity > self.untuned

    @property
    def judgement(self) -> Judgement | None:
        """What is said of all items, if anything."""
        return self.judged.judgement if self.judged else None

    def _apply_score(self, event: events.Evaluated) -> None:
        if event.part == "test":
            self.score, self.directions = event.score, event.directions
            self.definition, self.said = event.definition, event.said
            self.results_file = event.file
            self.judged = None
            if self.steps and not event.step:
                self.untuned = event.score.perplexity
        elif event.part == "repaired":
            self.repaired = event.score
        elif event.part == "validation":
            self.validated = (event.step, event.score.perplexity)
            if not self.best_checkpoint:
                self.validation = event.score.perplexity

    def _apply_step(self, event: events.Step) -> None:
        self.time.latest = event.at
        self.step, self.steps, self.loss, self.lr = event.step, event.of, event.loss, event.lr
        self.tokens_per_second, self.memory = event.tokens_per_second, event.memory
        self.tokens = event.tokens
        self.phase, self.phase_done, self.phase_of = "training", event.step, event.of

    def _apply_end(self, event: Event) -> None:
        self.ended = True
        self.phase = ""
        if isinstance(event, events.Finished):
            self.status = Status.FINISHED
            self.score = event.score or self.score
            self.best_checkpoint = event.checkpoint or self.best_checkpoint
            self.results_file = event.file or self.results_file
            if not math.isnan(event.loss):
                self.loss = event.loss
        elif isinstance(event, events.Stopped):
            self.status = Status.STOPPED
        elif isinstance(event, events.Failed):
            self.status, self.told = Status.FAILED, event

    def settle(self, alive: bool, waits: bool = False) -> None:
        """Say whether a worker lives, or is waited for, which the events cannot tell."""
        if not self.ended and not alive:
            self.status = Status.WAITING if waits else Status.INTERRUPTED
        elif self.status in (Status.WAITING, Status.INTERRUPTED):
            self.status = Status.STARTING

    @property
    def seconds_of_phase(self) -> float:
        """Since the worker began what it is busy with; nan where it is not told."""
        return time.time() - self.phase_began if self.phase and self.status.active else math.nan

    @property
    def seconds(self) -> float:
        """From the first start, loading included, to the end or until now; nan before the start.

        Of a run that was resumed, as if it had gone on in one go.
        """
        return self.time.until(time.time() if self.status.active else self.time.latest)
