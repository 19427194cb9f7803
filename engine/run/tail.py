"""Reads a file of events as it grows: whole lines, in blocks, whatever it holds and however long.

One line that cannot be read, a flipped byte or half a line of a worker that was killed, is an event
that says so, and not the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.machine import regular_files
from engine.run import events
from engine.run.events import Event, Unknown

BLOCK = 1 << 20
"""Bytes that are read at a time: what they become takes some times as many."""
LONGEST_LINE = 4 << 20
"""Bytes; what is longer is no event."""
NO_LOG = 64 << 20
"""Bytes of one line after which no other is looked for: such a file is no log."""


class Tail:
    """Reads what was appended since the last call; a torn last line is left for the next one."""

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.path = path
        self.offset = offset
        """Of the first byte that was not told yet."""
        self.is_within = False
        """Is that within a line that is too long?"""
        self._passed = 0
        """Bytes of that line."""

    def read(self, limit: int = BLOCK) -> list[Event]:
        """New events, at most about `limit` bytes of them; empty when there is nothing new."""
        return [events.decode(line) if line else _TOO_LONG for line in self.lines(limit)]

    def lines(self, limit: int = BLOCK) -> list[bytes]:
        """The same as they stand; blank ones are left out, one that is too long is empty."""
        found: list[bytes] = []
        before = -1
        while not found and before < self.offset:
            before = self.offset
            found = self._next(limit)
        return found

    def rest(self) -> Iterator[Event]:
        """All events to the end, a block of them in memory at a time."""
        while found := self.read():
            yield from found

    def _next(self, limit: int) -> list[bytes]:
        if self._passed >= NO_LOG:
            return []
        try:
            block = self._block(limit)
        except FileNotFoundError:
            return []
        if self._passed >= NO_LOG:
            return [b""]
        self.offset += len(block)
        first, *others = block.split(b"\n")
        rest = [line for line in others if line.strip()]
        if block and self.is_within:
            self.is_within, self._passed = False, 0
            return [b"", *rest]
        return [first, *rest] if first.strip() else rest

    def _block(self, limit: int) -> bytes:
        """Whole lines from here on; empty if there are none yet, or within one that is too long."""
        with regular_files.opened(self.path) as file:
            file.seek(self.offset)
            block = more = file.read(limit)
            while b"\n" not in more:
                if len(block) >= LONGEST_LINE:
                    self.offset += len(block)
                    self._passed += len(block)
                    self.is_within = True
                    return b""
                if not (more := file.read(limit)):
                    return b""
                block += more
        return block[: block.rfind(b"\n") + 1]


_TOO_LONG = Unknown(at=0.0)
