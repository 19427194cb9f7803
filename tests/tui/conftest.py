"""Fixtures of the screens' tests: the app over a scratch folder, and fake workers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_workers import FakeWorkers
from stage import Stage, freeze

from engine.start import launch
from tui.app import YiwenApp


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


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stage]:
    """A workbench over no runs, in a world that stands still."""
    stage = Stage(freeze(monkeypatch, tmp_path / "work"))
    yield stage
    stage.leave()
