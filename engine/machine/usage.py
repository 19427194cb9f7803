"""What a run's worker takes of this machine: processor and main memory."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from msgspec import Struct

from engine.machine import lock


class Usage(Struct, frozen=True):
    """A worker at one moment."""

    pid: int
    cpu: float
    """Cores in use since the last reading; at the first, since the worker began."""
    memory: int
    """Resident bytes."""


class UsageProbe:
    """Reads one run's worker again and again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: Any = None
        self._seen: tuple[float, float] | None = None
        """When the process was read last, and the seconds of a core that it had taken."""

    def _cores_in_use(self) -> float:
        times = self._process.cpu_times()
        now, worked = time.time(), times.user + times.system
        at, before = self._seen or (self._process.create_time(), 0.0)
        self._seen = (now, worked)
        return max(0.0, worked - before) / (now - at) if now > at else 0.0

    def read(self) -> Usage | None:
        """The worker now; None if there is none, or it runs on another host."""
        import psutil  # slow to import

        holder = lock.holder(self._folder)
        if holder is None or not holder.is_here:
            return None
        try:
            if self._process is None or self._process.pid != holder.pid:
                self._process, self._seen = psutil.Process(holder.pid), None
            if abs(self._process.create_time() - holder.began) > 2.0:
                return None  # the number has been given to another program
            cpu = self._cores_in_use()
            return Usage(holder.pid, cpu, int(self._process.memory_info().rss))
        except psutil.Error:
            self._process = None
            return None
