"""What the Train screen keeps of a run besides its curve: evaluations, samples, warnings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.events import Evaluated, Event, Sample, Started, Step, Warned

_MOST_WARNINGS = 50


@dataclass
class Story:
    """A second fold over a run's events, for what is read rather than plotted."""

    tests: list[Evaluated] = field(default_factory=list)
    """Scores of the test file, in order."""
    samples: dict[str, Sample] = field(default_factory=dict)
    """By id; those of the latest evaluation only."""
    warnings: list[Warned] = field(default_factory=list)

    def extend(self, events: Iterable[Event]) -> bool:
        """Take events in; tells whether something changed."""
        changed = False
        for event in events:
            if isinstance(event, Step):
                continue  # nearly all are
            if isinstance(event, Sample):
                self._add_sample(event)
            elif isinstance(event, Evaluated):
                if event.part == "test":
                    self.tests.append(event)
            elif isinstance(event, Warned):
                self.warnings = [*self.warnings[1 - _MOST_WARNINGS :], event]
            elif isinstance(event, Started):
                self.tests = [test for test in self.tests if test.step <= event.resumed_from]
            else:
                continue
            changed = True
        return changed

    def _add_sample(self, sample: Sample) -> None:
        if any(known.step != sample.step for known in self.samples.values()):
            self.samples = {}
        self.samples[sample.id] = sample

    @property
    def first(self) -> Evaluated | None:
        """The score before training."""
        return self.tests[0] if self.tests and self.tests[0].step == 0 else None

    @property
    def last(self) -> Evaluated | None:
        """The latest score."""
        return self.tests[-1] if self.tests else None
