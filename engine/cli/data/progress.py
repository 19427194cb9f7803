"""The progress of long work on data files: what is being done, how far it is, how long yet."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from engine.cli.progress_line import ProgressLine
from engine.language.figures import clock
from engine.language.texts import _

_FIRST = 0.5
"""Seconds before anything is counted: short work stays silent."""
_INTERVAL = 0.2


class Progress:
    """Shows what is being done and how far it is; gone when the work is."""

    def __init__(self) -> None:
        self._line = ProgressLine(at_once=False)
        self._next = time.monotonic() + _FIRST

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._line.end()

    def phase(self, name: str) -> Callable[[int, int], None]:
        """What to call with how much is done, of how much."""
        began = time.monotonic()
        if self._line.is_on_terminal:
            self._line.show(f"{name} …")

        def step(done: int, of: int) -> None:
            now = time.monotonic()
            if now < self._next or not done:
                return
            self._next = now + _INTERVAL
            left = clock((now - began) / done * (of - done))
            line = _("{what} {done:,} of {of:,} · {left} left")
            self._line.show(line.format(what=name, done=done, of=of, left=left))

        return step

    def later(self, name: str) -> Callable[[int, int], None]:
        """The same for a phase that begins once it is called."""
        steps: list[Callable[[int, int], None]] = []

        def step(done: int, of: int) -> None:
            if not steps:
                steps.append(self.phase(name))
            steps[0](done, of)

        return step
