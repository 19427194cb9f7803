"""A line on standard error, rewritten in place; where there is no terminal, one now and then."""

from __future__ import annotations

import math
import shutil
import sys
import time

from engine.cli.output import put_line
from engine.language.plain_text import one_line, width

_PLAIN_INTERVAL = 10.0
"""Seconds between lines where standard error is no terminal."""


class ProgressLine:
    """Shows how far something is.

    Where there is no terminal, the first line comes `at_once` or after a while, as all others do.
    """

    def __init__(self, *, at_once: bool = True) -> None:
        self.is_on_terminal = sys.stderr.isatty()
        self._shown = ""
        self._last = -math.inf if at_once else time.monotonic()

    def show(self, line: str) -> None:
        """Show this in place of what is shown."""
        if self.is_on_terminal:
            room = shutil.get_terminal_size().columns - 1
            while width(line) > room:
                line = line[:-1]
            if line != self._shown:
                put_line(line)
                self._shown = line
            return
        if time.monotonic() - self._last > _PLAIN_INTERVAL:
            print(line, file=sys.stderr, flush=True)
            self._last = time.monotonic()

    def note(self, text: str) -> None:
        """A line that stays."""
        self.end()
        print(one_line(text), file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line empty, for something else to be printed."""
        if self.is_on_terminal and self._shown:
            put_line("")
            self._shown = ""
