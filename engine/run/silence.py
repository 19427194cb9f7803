"""When a worker has said nothing for longer than its pace so far explains."""

from __future__ import annotations

import math

from engine.language.said import Said
from engine.run.alarm import Alarm

_USUAL_INTERVALS = 10.0
"""Silence is noticed after so many usual intervals between events, …"""
_LONGEST_INTERVALS = 3.0
"""… three of the longest, …"""
_PATIENCE = 120.0
"""… and two minutes; seconds."""
_INTERVAL_MEMORY = 0.1
_LOADING_PATIENCE = 900.0
"""Seconds, while nothing is known about the pace: large weights from a slow disk take minutes."""


class Silence:
    """The pace of one worker's events."""

    def __init__(self) -> None:
        self.last_at = math.nan
        """When the last event was written, by the clock of the worker's machine."""
        self._usual, self._longest = math.nan, 0.0
        self._steps = 0

    def take_step(self, at: float) -> None:
        """A step was told."""
        interval, self.last_at = at - self.last_at, at
        self._steps += 1
        if self._steps > 2:  # before, the model may still have been loading
            self._usual += _INTERVAL_MEMORY * (interval - self._usual)
            if interval > self._longest:
                self._longest = interval
        elif self._steps == 2:
            self._usual = interval

    def take_other(self, at: float) -> None:
        """Something else was told."""
        if self._steps and at - self.last_at > self._longest:
            self._longest = at - self.last_at
        self.last_at = at

    def find(self, now: float) -> Alarm | None:
        """Is it too long by now?"""
        silence = now - self.last_at
        patience = _LOADING_PATIENCE
        if not math.isnan(self._usual):
            usual, longest = self._usual, self._longest
            patience = max(_PATIENCE, _USUAL_INTERVALS * usual, _LONGEST_INTERVALS * longest)
        if not silence > patience:
            return None
        return Alarm(
            "silent",
            Said("The worker has said nothing for {minutes:,.0f} minutes", minutes=silence / 60),
            Said("look at its log and at what else uses the machine"),
        )
