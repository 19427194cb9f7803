"""What a run's worker takes of this machine: processor and main memory."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from msgspec import Struct

from engine import lock


class Usage(Struct, frozen=True):
    """A worker at one moment."""

    pid: int
    cpu: float
    """Cores in use since the last reading; 0 at the first."""
    memory: int
    """Resident bytes."""


class UsageProbe:
    """Reads one run's worker again and again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: Any = None

    def read(self) -> Usage | None:
        """The worker now; None if there is none, or it runs on another host."""
        import psutil  # slow to import

        holder = lock.holder(self._folder)
        if holder is None or holder.host != socket.gethostname():
            return None
        try:
            if self._process is None or self._process.pid != holder.pid:
                self._process = psutil.Process(holder.pid)
            if abs(self._process.create_time() - holder.began) > 2.0:
                return None  # the number has been given to another program
            cpu = self._process.cpu_percent() / 100
            return Usage(holder.pid, cpu, int(self._process.memory_info().rss))
        except psutil.Error:
            self._process = None
            return None
