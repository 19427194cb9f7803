"""A download in a process of its own: watched, ended at any moment, gone on with where it was.

`engine.models.download MODEL REVISION` writes a line of JSON for each look at its progress, and one
for its end; it ends with whoever started it, for then nobody reads them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
from msgspec import Struct

from engine.language.errors import UserError
from engine.language.plain_text import message_of, one_line
from engine.language.said import Said, Words, pack, unpack
from engine.machine import reading
from engine.machine.processes import python
from engine.models import hub, pull
from engine.models.hub_source import HubSource
from engine.models.pull import CachePlace

_LOOK = 0.2
"""Seconds between two lines about progress."""


class Report(Struct, omit_defaults=True):
    """What the process says."""

    done: int = 0
    """Bytes that are here of all files."""
    total: int = 0
    name: str = ""
    """The file that is fetched."""
    folder: str = ""
    """Of the whole model; ends the download."""
    error: Any = ""
    """Why there is none, packed; ends it too."""


class Download:
    """One model on its way; `latest` is what is known now."""

    def __init__(self, model: str, revision: str, on_end: Callable[[Download], object]) -> None:
        """Begin. Raises OSError where no process can be started."""
        self.model, self.revision = model, revision
        self.latest = Report()
        self.is_over = self.is_stopped = False
        self._on_end = on_end
        self._process = python.spawn(
            "engine.models.download",
            model,
            revision,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def trouble(self) -> Words:
        """Why there is no model; empty unless it failed."""
        return unpack(self.latest.error)

    def stop(self) -> None:
        """End it; what has arrived is kept."""
        self.is_stopped = True
        with suppress(OSError):
            self._process.kill()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if self.latest.folder or self.latest.error:
                break  # its last word
            with suppress(ValueError):
                self.latest = reading.json_of(line, Report)
        self._process.wait()
        if not (self.latest.folder or self.latest.error or self.is_stopped):
            self.latest = Report(error=pack(Said("the download ended without a word; try again")))
        self.is_over = True
        self._on_end(self)


def main() -> None:
    """Bring a model; say on standard output how far it is."""
    model, revision = sys.argv[1:3]
    try:
        here = hub.find(model, revision)
        if here is None or hub.missing(here):
            remote = HubSource.open(model, revision)
            place = CachePlace(model, revision, remote.commit)
            here = pull.bring(remote, place, _reporter())
        pull.check_folder(here)
        _end(Report(folder=str(here)))
    except Exception as error:  # whatever a library raises is to be said in a sentence
        said = error.said if isinstance(error, UserError) else one_line(message_of(error))
        _end(Report(error=pack(said)))


def _reporter() -> pull.OnProgress:
    """Tells progress at a bearable rate, also what came last before a silence."""
    latest = Report()

    def report(name: str, done: int, total: int) -> None:
        nonlocal latest
        latest = Report(done=done, total=total, name=name)

    def tell() -> None:
        told = latest
        with suppress(OSError):  # nobody reads any more: the next look is the end
            while True:
                if latest is not told:
                    told = latest
                    _say(told)
                time.sleep(_LOOK)
        os._exit(1)

    threading.Thread(target=tell, daemon=True).start()
    return report


def _end(report: Report) -> None:
    """The last word, which nothing follows."""
    with suppress(OSError):
        _say(report)
    os._exit(bool(report.error))


def _say(report: Report) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
