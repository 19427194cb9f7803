"""A small process beside a worker, which says what became of it when it can no longer say so.

Whoever ends a worker on purpose ends its whole group, and its witness with it: then nothing is to
be said. But the kernel, where memory runs out, ends one process alone.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
from pathlib import Path
from typing import NoReturn

from engine.language.said import Said
from engine.machine.processes import kernel_kills
from engine.run.events import EventLog, Failed, worded
from engine.worker.process.log_book import LogBook

_IN_ORDER = b"."
_CRASHED = b"Fatal Python error: "


class Witness:
    """As the worker sees it, which leaves the `with` when it ends in order.

    Make it before anything large is loaded, for it keeps what there is then; and before there are
    threads.
    """

    def __init__(self, events: Path) -> None:
        before = kernel_kills.count()
        reading, self._writing = os.pipe()
        if not os.fork():
            os.close(self._writing)
            _watch(reading, before, events)
        os.close(reading)
        faulthandler.enable(self._writing)  # a crash is the worker's last word

    def __enter__(self) -> Witness:
        return self

    def __exit__(self, *error: object) -> None:
        """The worker ends in order."""
        faulthandler.disable()
        os.write(self._writing, _IN_ORDER)
        os.close(self._writing)


def _watch(reading: int, before: int | None, events: Path) -> NoReturn:
    """Wait for the worker's end; the run stays locked until what there is to say is written."""
    try:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # they ask the worker
        said = b""
        while said != _IN_ORDER and (more := os.read(reading, 1 << 16)):
            said += more
        if said != _IN_ORDER:
            with contextlib.suppress(OSError):
                os.write(2, said)
                failed = explain(said, before)
                EventLog(events).append(failed)
                LogBook().tell(failed)
    finally:
        os._exit(0)


def explain(said: bytes, before: int | None) -> Failed:
    """What became of a worker whose last word this was."""
    if said.startswith(_CRASHED):
        what = said[len(_CRASHED) :].split(b"\n")[0][:100].decode(errors="replace")
        hint = Said("the whole story is in worker.log")
        return Failed(
            type="Crash", **worded(message=Said("the worker crashed: {what}", what=what), hint=hint)
        )
    message, hint = kernel_kills.why(before)
    return Failed(type="Killed", **worded(message=message, hint=hint))
