"""How fast a download is: its progress in words, with the speed of the last seconds."""

from __future__ import annotations

import time
from collections import deque

from engine.language.figures import clock, progress, size
from engine.language.said import Said, Words

_WINDOW = 15.0
"""Seconds over which the speed is taken."""


class Pace:
    """Told the bytes that are here, again and again."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def words(self, done: int, total: int) -> list[Words]:
        """`1.2 GB of 5.2 GB 23%`, and, where that can be told, speed and time left."""
        now = time.monotonic()
        self._seen.append((now, done))
        while now - self._seen[0][0] > _WINDOW:
            self._seen.popleft()
        began, before = self._seen[0]
        parts: list[Words] = [
            Said(
                "{done} of {total} {share}",
                done=size(done),
                total=size(total),
                share=progress(done, total),
            )
        ]
        if now > began and done > before:
            speed = (done - before) / (now - began)
            left = clock((total - done) / speed)
            parts += [f"{size(int(speed))}/s", Said("{left} left", left=left)]
        return parts
