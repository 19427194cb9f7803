"""Fixtures of the screens' tests: the app over a scratch folder, and fake workers."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import fake_worker
import pytest

from engine import launch
from engine.runs import Run
from tui.app import YiwenApp


class FakeWorkers:
    """Starts fake workers in place of real ones."""

    def __init__(self) -> None:
        self.options: tuple[str, ...] = ()
        """Of the next worker; see `fake_worker`."""
        self.started: list[Run] = []
        self._processes: list[int] = []

    def start(self, run: Run) -> int:
        """Stands in for `engine.launch.start`."""
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


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeWorkers]:
    """Every run started in this test gets a fake worker."""
    fakes = FakeWorkers()
    monkeypatch.setattr(launch, "start", fakes.start)
    yield fakes
    fakes.end()


@pytest.fixture
def app(root: Path, workers: FakeWorkers) -> YiwenApp:
    """The application over an empty runs folder."""
    return YiwenApp(root)
