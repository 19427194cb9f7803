"""What counts of all that a run's events tell, where a worker went on from another's checkpoint.

A worker that resumes a run does again what came after its checkpoint. So, for all that is read of a
run, wherever it is shown:

- what came after the step that it goes on from is forgotten as it starts: steps, scores, samples,
  the best checkpoint; a file that is scored again, or a warning that is said again, stands once;
- the pause, loading again, and work that is done twice take no time (`work_time`);
- how fast and how well an earlier worker went says nothing of this one (`worker_begins`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from engine.run.events import (
    FIRST_PHASE,
    TERMINAL,
    Evaluated,
    Event,
    Phase,
    Sample,
    Saved,
    Started,
    Step,
    Unknown,
    Warned,
)
from engine.run.steps import Steps
from engine.run.tail import Tail
from engine.run.work_time import WorkTime

_MOST_SCORES = 4_000
_MOST_SAMPLES = 500
"""Evaluations whose samples are kept."""
_MOST_WARNINGS = 50


def worker_begins(event: Event) -> Started | None:
    """What a worker says of itself as it begins, next to nothing at its first word; else None."""
    if isinstance(event, Started):
        return event
    if isinstance(event, Phase) and event.name == FIRST_PHASE:
        return Started(at=event.at)
    return None


@dataclass
class History:
    """The fold over a run's events that keeps what was; `Summary` is the one of how it stands."""

    planned: int = 0
    """Steps."""
    has_ended: bool = False
    """Has its worker gone? Then no more steps are to come."""
    steps: Steps = field(default_factory=Steps)
    scores: list[Evaluated] = field(default_factory=list)
    """Of every part, in order."""
    reached: dict[int, float] = field(default_factory=dict)
    """Seconds of work until the first score after so many steps."""
    best: int | None = None
    """The step of the best checkpoint so far."""
    samples: dict[int, dict[str, Sample]] = field(default_factory=dict)
    """By step, in order, then by id: the same few items translated at every evaluation."""
    warnings: list[Warned] = field(default_factory=list)
    """The latest."""
    unread: int = 0
    """Lines that cannot be read."""
    time: WorkTime = field(default_factory=WorkTime)
    _told: list[Warned] = field(default_factory=list)
    """Warnings of earlier workers."""

    def extend(self, new: Iterable[Event]) -> set[type[Event]]:
        """Take events in, in order; tells of what kinds they were."""
        kinds: set[type[Event]] = set()
        steps: list[Step] = []
        for event in new:
            if isinstance(event, Step):  # nearly all are: taken in by the block
                if steps and event.step <= steps[-1].step:
                    self._take_steps(steps)
                    steps = []
                steps.append(event)
                continue
            if steps:
                self._take_steps(steps)
                steps = []
                kinds.add(Step)
            self._take(event)
            kinds.add(type(event))
        if steps:
            self._take_steps(steps)
            kinds.add(Step)
        return kinds

    def _take_steps(self, steps: list[Step]) -> None:
        if steps[0].step <= self.steps.newest:
            self._forget_after(steps[0].step - 1)
        self.planned = steps[-1].of or self.planned
        self.steps.extend(steps)
        self.time.take(steps[-1])

    def _take(self, event: Event) -> None:
        self.time.take(event)
        if worker_begins(event):
            self._told = self.warnings
        if isinstance(event, Evaluated):
            self._take_score(event)
        elif isinstance(event, Sample):
            self._take_sample(event)
        elif isinstance(event, Saved) and event.best:
            self.best = event.step
        elif isinstance(event, Warned):
            self._take_warning(event)
        elif isinstance(event, Started):
            self.planned, self.has_ended = event.steps, False
            self._forget_after(event.resumed_from)
        elif isinstance(event, TERMINAL):
            self.has_ended = True
        elif isinstance(event, Unknown):
            self.unread += event.is_broken

    def _take_score(self, event: Evaluated) -> None:
        key = event.part, event.step, event.file
        if event.file:
            self.scores = [one for one in self.scores if (one.part, one.step, one.file) != key]
        self.scores.append(event)
        del self.scores[:-_MOST_SCORES]
        self.reached.setdefault(event.step, self.time.until(event.at))

    def _take_sample(self, event: Sample) -> None:
        self.samples.setdefault(event.step, {})[event.id] = event
        while len(self.samples) > _MOST_SAMPLES:
            del self.samples[min(self.samples)]

    def _take_warning(self, event: Warned) -> None:
        if all((one.message, one.hint) != (event.message, event.hint) for one in self._told):
            self.warnings = [*self.warnings[1 - _MOST_WARNINGS :], event]

    def _forget_after(self, step: int) -> None:
        self.steps.forget_after(step)
        self.scores = [score for score in self.scores if score.step <= step]
        self.reached = {at: seconds for at, seconds in self.reached.items() if at <= step}
        self.samples = {at: found for at, found in self.samples.items() if at <= step}
        if self.best is not None and self.best > step:
            self.best = None

    # Views

    @property
    def tests(self) -> list[Evaluated]:
        """Scores of the test file, in order."""
        return [score for score in self.scores if score.part == "test"]

    @property
    def last(self) -> Evaluated | None:
        """The test file's latest score."""
        return next(iter(self.tests[-1:]), None)

    @property
    def result(self) -> Evaluated | None:
        """The last score if it is a second one, of the checkpoint that was chosen in the end."""
        tests = self.tests
        if len(tests) < 2 or tests[-1].step > tests[-2].step:
            return None
        return tests[-1]

    def perplexities(self, part: str) -> dict[int, float]:
        """Of a part of the data, by step."""
        return {one.step: one.score.perplexity for one in self.scores if one.part == part}

    def test_at(self, step: int) -> Evaluated | None:
        """The last score of the test file at a step."""
        return next((test for test in reversed(self.tests) if test.step == step), None)

    @property
    def items(self) -> list[str]:
        """The ids of the items that were translated, in the order of the test file."""
        return list(dict.fromkeys(name for found in self.samples.values() for name in found))


def read_history(path: Path, *, most: int = 0) -> History:
    """Fold a whole events file, block by block, and keep at most so many steps; 0 for all."""
    history, tail = History(steps=Steps(most=most)), Tail(path)
    while new := tail.read():
        history.extend(new)
    return history
