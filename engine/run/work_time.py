"""Seconds of work in a run, as if it had gone on in one go: pauses and work done twice left out."""

from __future__ import annotations

import math

from msgspec import Struct

from engine.run.events import FIRST_PHASE, Event, Phase, Saved, Started, Unknown


class WorkTime(Struct, array_like=True):
    """A clock that stands still between two workers, and goes back to what was kept."""

    began: float = math.nan
    """Seconds since the epoch, like `latest`."""
    latest: float = math.nan
    """When the last event was written."""
    apart: float = 0.0
    """Seconds since `began` that do not count: pauses, loading again, and what was lost."""
    kept_step: int = -1
    """What another worker would go on from …"""
    kept_seconds: float = 0.0
    """… and what it took to get there."""

    def take(self, event: Event) -> None:
        """Take one event in; of steps in a row the last will do."""
        if isinstance(event, Unknown):
            return
        before, self.latest = self.latest, event.at
        if isinstance(event, Phase):
            if event.name == FIRST_PHASE:
                self._go_on(event.at, self.until(before))
        elif isinstance(event, Started):
            self._start(event, before)
        elif isinstance(event, Saved):
            self.kept_step, self.kept_seconds = event.step, self.until(event.at)

    def until(self, at: float) -> float:
        """Seconds of work until then, the first loading included; nan before the start.

        Never less than none, where the clock was set back.
        """
        seconds = at - self.began - self.apart
        return 0.0 if seconds < 0 else seconds

    def _go_on(self, at: float, seconds: float) -> None:
        """Go on counting then, after so many seconds; begin if nothing has begun."""
        if math.isnan(self.began):
            self.began = at
        else:
            self.apart = at - self.began - seconds

    def _start(self, event: Started, before: float) -> None:
        """A worker has loaded its model. What was done since the last checkpoint is done again."""
        if self.kept_step < 0:
            self._go_on(event.at, self.until(event.at))
            self.kept_step, self.kept_seconds = 0, self.until(event.at)
        elif self.kept_step == event.resumed_from:
            self._go_on(event.at, self.kept_seconds)
        else:  # from a checkpoint that this log does not tell of
            self._go_on(event.at, self.until(before))
