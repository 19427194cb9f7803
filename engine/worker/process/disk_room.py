"""Room on the disk: a little is kept for a run's last words; where it is full, it is waited for."""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal

from engine.machine import regular_files

_FULL = (errno.ENOSPC, errno.EDQUOT)
_IN_WORDS = re.compile(rf"\(os error ({'|'.join(map(str, _FULL))})\)")
"""How libraries written in Rust tell it."""
_FILE = ".reserve"
_BYTES = 1 << 16
_SHORTEST, _LONGEST = 0.25, 30.0
"""Seconds between two looks for room: ever longer, for each may write much of what does not fit."""


def is_full(error: BaseException) -> bool:
    """Is this the error of a full disk, or of a quota that is used up?"""
    if isinstance(error, OSError):
        return error.errno in _FULL
    return bool(_IN_WORDS.search(str(error)))


class DiskRoom:
    """A worker's way to deal with a full disk: `wait` until there is room, or `stop`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / _FILE
        self._pause = _SHORTEST
        self.waits = False

    def begin(self, on_full: Literal["wait", "stop"]) -> None:
        """Know what the run is to do, and keep some room for it."""
        self.waits = on_full == "wait"
        self.reserve()

    def reserve(self) -> bool:
        """Take the room that is kept for last words; tells whether there was any."""
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            with os.fdopen(regular_files.descriptor(self._file, flags), "wb") as file:
                file.write(os.urandom(_BYTES))  # zeros may be stored without taking room
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            self.release()
            return False
        return True

    def release(self) -> None:
        """Give it back, to be written into."""
        with suppress(OSError):
            self._file.unlink(missing_ok=True)

    def wait(self, is_over: Callable[[], bool]) -> None:
        """Block until there seems to be room again, or `is_over`."""
        while not is_over():
            self._sleep(is_over)
            if self.reserve():
                return

    def _sleep(self, is_over: Callable[[], bool]) -> None:
        until = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, _LONGEST)
        while not is_over() and (left := until - time.monotonic()) > 0:
            time.sleep(min(_SHORTEST, left))

    def has_sufficed(self) -> None:
        """What there was no room for is written: look soon again, the next time it is full."""
        self._pause = _SHORTEST
