"""How far a phase is, and how long it will take yet by its pace so far."""

from __future__ import annotations

import math
from collections.abc import Iterable

from textual.content import Content

from engine import text
from engine.events import Event, Phase
from engine.language import _
from engine.summary import Summary
from engine.wording import phase_name

_BAR = 20


class Pace:
    """Feed it with events, in order."""

    def __init__(self) -> None:
        self._name = ""
        self._began = (0, math.nan)
        self._last = Phase(name="")

    def extend(self, events: Iterable[Event]) -> None:
        """Take phases in; another name, or fewer done, begins anew."""
        for event in events:
            if isinstance(event, Phase):
                self._take(event)

    def _take(self, phase: Phase) -> None:
        if phase.name != self._name or phase.done < self._last.done:
            self._name, self._began = phase.name, (phase.done, phase.at)
        self._last = phase

    @property
    def seconds_left(self) -> float:
        """Nan if it cannot be told."""
        done, at = self._began
        ahead = self._last.done - done
        if not self._last.of or ahead <= 0:
            return math.nan
        return (self._last.at - at) / ahead * (self._last.of - self._last.done)


def progress(summary: Summary) -> Content:
    """` scoring test  ━━━━━━━━          120/500  24 %`; empty when there is nothing to wait for."""
    if not summary.status.active:
        return Content("")
    name = phase_name(summary.phase) or _("starting the worker")
    if not summary.phase_of:
        return Content(f"{name} …")
    share = min(1.0, summary.phase_done / summary.phase_of)
    done = round(share * _BAR)
    return Content.assemble(
        f"{name}  ",
        ("━" * done, "$primary"),
        ("╌" * (_BAR - done), "dim"),
        f"  {summary.phase_done:,}/{summary.phase_of:,}  "
        + text.progress(summary.phase_done, summary.phase_of),
    )
