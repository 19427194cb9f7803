"""Words an exception as an event: what happened, and what the user can do about it."""

from __future__ import annotations

from engine.language.errors import UserError
from engine.language.said import Said, Words
from engine.run.events import Failed, worded
from engine.worker.process import out_of_memory
from engine.worker.process.disk_room import is_full
from engine.worker.process.out_of_memory import DoesNotFit


class RunFailed(UserError):
    """A worker cannot go on: what happened, and what may help."""

    def __init__(self, message: Said, hint: Said) -> None:
        super().__init__(message)
        self.hint = hint


def explain(error: BaseException, phase: str = "") -> Failed:
    """The event that ends a failed run; `phase` is what it was busy with."""
    kind = type(error).__name__
    if isinstance(error, RunFailed):
        return Failed(type=kind, **worded(message=error.said, hint=error.hint))
    if isinstance(error, UserError):
        return Failed(type=kind, **worded(message=error.said or kind))
    if isinstance(error, DoesNotFit) or out_of_memory.happened(error):
        told = out_of_memory.message(error, phase)
        return Failed(type=kind, **worded(message=told, hint=out_of_memory.hint(error, phase)))
    message = str(error).strip() or kind
    return Failed(type=kind, **worded(message=message.splitlines()[0], hint=_hint(error)))


def _hint(error: BaseException) -> Words:
    if is_full(error):
        return Said("the disk is full: free some space, then resume the run")
    if isinstance(error, ImportError):
        return Said("a package is missing or broken: install again with `make run`")
    return Said("the whole story is in worker.log")
