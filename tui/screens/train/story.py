"""What the Train screen keeps of a run besides its curve: evaluations, samples, warnings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.run.events import Evaluated, Event, Sample, Started, Step, Warned

_MOST_WARNINGS = 50


@dataclass
class Story:
    """A second fold over a run's events, for what is read rather than plotted."""

    tests: list[Evaluated] = field(default_factory=list)
    """Scores of the test file, in order."""
    samples: dict[int, dict[str, Sample]] = field(default_factory=dict)
    """By step, in order, then by id: the same few items translated at every evaluation."""
    warnings: list[Warned] = field(default_factory=list)

    def extend(self, events: Iterable[Event]) -> bool:
        """Take events in; tells whether something changed."""
        changed = False
        for event in events:
            if isinstance(event, Step):
                continue  # nearly all are
            if isinstance(event, Sample):
                self.samples.setdefault(event.step, {})[event.id] = event
            elif isinstance(event, Evaluated):
                if event.part == "test":
                    self.tests.append(event)
            elif isinstance(event, Warned):
                self.warnings = [*self.warnings[1 - _MOST_WARNINGS :], event]
            elif isinstance(event, Started):
                self._forget_after(event.resumed_from)
            else:
                continue
            changed = True
        return changed

    def _forget_after(self, step: int) -> None:
        """A resumed run does the steps after its checkpoint once more."""
        self.tests = [test for test in self.tests if test.step <= step]
        self.samples = {at: found for at, found in self.samples.items() if at <= step}

    @property
    def first(self) -> Evaluated | None:
        """The score before training."""
        return self.tests[0] if self.tests and self.tests[0].step == 0 else None

    @property
    def last(self) -> Evaluated | None:
        """The latest score."""
        return self.tests[-1] if self.tests else None

    @property
    def result(self) -> Evaluated | None:
        """The last score if it is a second one, of the checkpoint that was chosen in the end."""
        if len(self.tests) < 2 or self.tests[-1].step > self.tests[-2].step:
            return None
        return self.tests[-1]

    @property
    def evaluations(self) -> list[int]:
        """The steps at which samples were translated."""
        return list(self.samples)

    @property
    def items(self) -> list[str]:
        """The ids of the items that were translated, in the order of the test file."""
        return list(dict.fromkeys(name for found in self.samples.values() for name in found))

    def score_at(self, step: int) -> Evaluated | None:
        """The last score of the test file at a step."""
        return next((test for test in reversed(self.tests) if test.step == step), None)
