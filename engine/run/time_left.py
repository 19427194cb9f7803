"""How long a phase, or a whole training run, will take yet: by its own pace so far."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable

from engine.profile.schema import Profile
from engine.run import plan
from engine.run.events import TERMINAL, Evaluated, Event, Phase, Started, Step, Unknown
from engine.run.history import worker_begins


class PhasePace:
    """Of the phase in hand; feed it with events, in order."""

    def __init__(self) -> None:
        self._began = (0, math.nan)
        self.last = Phase(name="")

    def extend(self, events: Iterable[Event]) -> None:
        """Take phases in; another name, or fewer done, begins anew."""
        for event in events:
            if isinstance(event, Phase):
                self.take(event)

    def take(self, phase: Phase) -> None:
        """Take one phase in."""
        if phase.name != self.last.name or phase.done < self.last.done:
            self._began = (phase.done, phase.at)
        self.last = phase

    @property
    def seconds(self) -> float:
        """That it has taken so far."""
        return self.last.at - self._began[1]

    @property
    def seconds_left(self) -> float:
        """Nan if it cannot be told."""
        ahead = self.last.done - self._began[0]
        if not self.last.of or ahead <= 0:
            return math.nan
        return self.seconds / ahead * (self.last.of - self.last.done)


class TimeLeft:
    """Of a training run, evaluations included; feed it with events, in order.

    Only what this worker has done already is counted again: the steps, then the points of the
    curve, the scoring and the translations of the end. Judging them is not.
    """

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._begin(Started())

    def extend(self, events: Iterable[Event]) -> None:
        """Take events in."""
        for event in events:
            if not isinstance(event, Unknown):
                self._take(event)
                self._latest = event.at

    @property
    def seconds(self) -> float:
        """Until the end; nan where nothing can be said of it, or it is overdue."""
        left = self._end() - time.time()
        return left if left > 0 else math.nan

    def _begin(self, started: Started) -> None:
        """Another worker: the pace of the one before says nothing."""
        self._steps = started.steps
        self._every = plan.evaluate_every(self._profile.training, started.steps)
        self._first = (0, math.nan)
        self._last = (started.resumed_from, started.at)
        self._latest = started.at
        self._phase = PhasePace()
        self._is_scored = False  # since the last step
        self._beside = 0.0  # seconds since the first step that were none of training
        self._point = 0.0
        self._scoring = 0.0
        self._items = 0
        self._samples = (0, 0.0)

    def _take(self, event: Event) -> None:
        if isinstance(event, Step):  # first, for nearly all of a run is steps
            self._take_step(event)
            return
        if started := worker_begins(event):
            self._begin(started)
        if isinstance(event, TERMINAL):
            self._begin(Started())
        elif isinstance(event, Phase):
            self._take_phase(event)
        elif isinstance(event, Evaluated):
            self._is_scored = True
            if event.part == "test":
                self._scoring, self._items = event.seconds, event.score.samples

    def _take_step(self, step: Step) -> None:
        is_first = math.isnan(self._first[1])
        if self._is_scored:
            self._point = self._latest - self._last[1]
            self._beside += 0.0 if is_first else self._point
            self._is_scored = False
        if is_first:
            self._first = (step.step, step.at)
        self._last = (step.step, step.at)

    def _take_phase(self, phase: Phase) -> None:
        self._phase.take(phase)
        if phase.name == "translating samples" and phase.done == phase.of:
            self._samples = (phase.of, self._phase.seconds)

    def _end(self) -> float:
        """When it will be over, in seconds since the epoch."""
        phase = self._phase.last
        if phase.name == "judging the results":
            return math.nan
        if phase.name == "translating" and phase.done:
            return phase.at + self._phase.seconds_left
        (first, began), (step, at) = self._first, self._last
        if step <= first:
            return math.nan
        pace = (at - began - self._beside) / (step - first)
        points = plan.points_from(step, self._steps, self._every)
        return at + pace * (self._steps - step) + self._point * points + self._result()

    def _result(self) -> float:
        """Seconds for the evaluation at the end, as the latest point has shown them."""
        items, seconds = self._samples
        if not (self._profile.evaluation.outputs and items):
            return self._scoring
        # As many are translated at once as fit into a batch, so that batches take alike.
        rows = self._profile.generation.batch_size
        return self._scoring + seconds * math.ceil(self._items / rows) / math.ceil(items / rows)
