"""What threads tell screens."""

from __future__ import annotations

from dataclasses import dataclass, field

from textual.message import Message

from engine.run.alarm import Alarm
from engine.run.events import Event
from engine.run.folder import Run
from engine.run.summary import Summary


@dataclass
class RunEvents(Message):
    """A run went on, or what is known about it changed; one message a poll."""

    run: Run
    events: list[Event]
    """New since the last message, in order; empty when only the status changed."""
    summary: Summary
    """Of everything up to here; a copy, free to keep."""
    caught_up: bool = True
    """Was the end of the file reached? False while an old run is being replayed."""
    alarms: list[Alarm] = field(default_factory=list)
    """What is wrong; only known once the end was reached."""
