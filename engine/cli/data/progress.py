"""A line of progress on standard error for long work on data files."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType

from engine.cli.output import put_line
from engine.language.figures import clock
from engine.language.texts import _

_FIRST = 0.5
"""Seconds before anything is shown: short work stays silent."""
_INTERVAL = 0.2
_PLAIN_INTERVAL = 10.0
"""The same where standard error is no terminal."""


class Progress:
    """Shows what is being done and how far it is; gone when the work is."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._next = time.monotonic() + (_FIRST if self._terminal else _PLAIN_INTERVAL)
        self._is_shown = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._clear()

    def phase(self, name: str) -> Callable[[int, int], None]:
        """What to call with how much is done, of how much."""
        began = time.monotonic()
        if self._terminal:
            self._show(f"{name} …")

        def step(done: int, of: int) -> None:
            now = time.monotonic()
            if now < self._next or not done:
                return
            self._next = now + (_INTERVAL if self._terminal else _PLAIN_INTERVAL)
            left = clock((now - began) / done * (of - done))
            line = _("{what} {done:,} of {of:,} · {left} left")
            self._show(line.format(what=name, done=done, of=of, left=left))

        return step

    def later(self, name: str) -> Callable[[int, int], None]:
        """The same for a phase that begins once it is called."""
        steps: list[Callable[[int, int], None]] = []

        def step(done: int, of: int) -> None:
            if not steps:
                steps.append(self.phase(name))
            steps[0](done, of)

        return step

    def _show(self, line: str) -> None:
        self._is_shown = True
        if self._terminal:
            put_line(line)
        else:
            print(line, file=sys.stderr, flush=True)

    def _clear(self) -> None:
        if self._terminal and self._is_shown:
            put_line("")
