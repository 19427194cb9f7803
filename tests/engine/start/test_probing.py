"""Probes: what they report, and that nothing stays behind, however they end."""

from __future__ import annotations

import math
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_nvml import FakeNvml
from stand_in import FAILS, WAITS, write_worker

from engine.language.errors import RunError
from engine.machine.hardware import Probe
from engine.run.events import Phase
from engine.start import preflight, probing
from engine.start.probe_words import describe
from engine.start.request import Request

PROBES = """
emit("phase", name="loading the model")
emit("probed", seconds_load=10.0, seconds_step=0.5, tokens_step=2000, memory=3_000_000_000,
     memory_scoring=4_000_000_000, scored_tokens_per_second=10_000.0)
emit("warned", message="careful")
emit("finished", steps=2)
"""


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    assert list(folder.iterdir()) == []


@pytest.fixture
def request_(root: Path) -> Request:
    return Request(root=root, strategy="qlora", profile="tiny")


def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: str) -> None:
    monkeypatch.setattr(sys, "executable", write_worker(tmp_path / "worker", work))


def test_what_is_measured_is_scaled_to_the_whole_run(
    request_: Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker(tmp_path, monkeypatch, PROBES)
    said: list[Phase] = []
    measured = probing.probe(request_, say=said.append)
    assert measured is not None
    assert [phase.name for phase in said] == ["loading the model"]
    assert measured.memory == 4_000_000_000
    assert measured.tokens_per_second == 4000.0
    assert measured.warnings == ["careful"]
    found = preflight.look_ahead(request_, Probe(FakeNvml(driver=False)))
    training = 10.0 + found.tokens / 4000
    assert training + 1 < measured.seconds(found) < 2 * training
    lines = {line.label: line for line in describe(measured, found) if line.label}
    assert str(lines["Memory"].text).startswith("4.0 GB at most")
    assert lines["Warning"].sign == "!"
    assert "translating is not counted" in lines["Time"].text
    assert list(request_.root.iterdir()) == []


def test_a_probe_that_fails_says_why(
    request_: Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker(tmp_path, monkeypatch, FAILS)
    with pytest.raises(RunError, match="out of memory\nlower it"):
        probing.probe(request_, say=lambda phase: None)


def test_a_worker_that_dies_is_quoted(
    request_: Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker(tmp_path, monkeypatch, "os._exit(3)")
    with pytest.raises(RunError, match="ended without a word: said to stderr"):
        probing.probe(request_, say=lambda phase: None)


def test_a_probe_that_is_cancelled_leaves_no_worker(
    request_: Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker(tmp_path, monkeypatch, 'emit("phase", name="ready")\n' + WAITS)
    said: list[Phase] = []
    measured = probing.probe(request_, say=said.append, is_cancelled=lambda: bool(said))
    assert measured is None


def test_an_evaluation_takes_no_known_time(request_: Request) -> None:
    found = preflight.look_ahead(
        Request(root=request_.root, strategy="zero-shot", profile="tiny"),
        Probe(FakeNvml(driver=False)),
    )
    measured = probing.Measured(
        probing.Probed(
            seconds_load=1.0,
            seconds_step=1.0,
            tokens_step=1,
            memory=1,
            memory_scoring=1,
            scored_tokens_per_second=1.0,
        ),
        [],
    )
    assert math.isnan(measured.seconds(found))
