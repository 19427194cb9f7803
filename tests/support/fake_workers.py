"""Starts fake workers where the application would start real ones."""

from __future__ import annotations

import os
import signal

import fake_worker

from engine.run.folder import Run


class FakeWorkers:
    """Starts fake workers in place of real ones."""

    def __init__(self) -> None:
        self.options: tuple[str, ...] = ()
        """Of the next worker; see `fake_worker`."""
        self.started: list[Run] = []
        self._processes: list[int] = []

    def start(self, run: Run) -> int:
        """Stands in for `engine.start.launch.start`."""
        self.started.append(run)
        self._processes.append(fake_worker.launch(run, *self.options))
        return self._processes[-1]

    def end(self) -> None:
        """Leave nothing behind."""
        for process in self._processes:
            try:
                os.killpg(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
