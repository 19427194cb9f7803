"""A probe with the real model: measured in a real worker, and gone afterwards."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from small_runs import PARTS, SMALL, cut_data

from engine.errors import RunError
from engine.events import Phase
from engine.hardware import Probe
from engine.jobs import Request
from engine.lookahead import preflight, probing


def test_two_steps_are_measured_and_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    data = {part: cut_data(part, tmp_path, count) for part, count in PARTS.items()}
    overrides = {key: str(value).lower() for key, value in SMALL.items()}
    overrides |= {f"data.{part}": str(path) for part, path in data.items()}
    request = Request(tmp_path / "runs", "qlora", profile="tiny", overrides=overrides)
    found = preflight.look_ahead(request, Probe())
    phases: list[Phase] = []
    measured = probing.probe(request, say=phases.append)
    assert measured is not None
    assert {"loading the model", "probing"} <= {phase.name for phase in phases}
    probed = measured.probed
    assert found.memory is not None
    assert 0.5 < measured.memory / found.memory.total < 1.5
    assert probed.memory <= probed.memory_scoring
    assert found.plan is not None
    batch = found.tokens / found.plan.steps
    assert batch <= probed.tokens_step < 2 * batch
    assert 0 < probed.seconds_step < 30
    assert measured.seconds(found) > probed.seconds_load > 0
    assert list(temporary.iterdir()) == []
    assert not (tmp_path / "runs").exists()


def test_a_probe_of_a_run_that_cannot_train_says_so(tmp_path: Path) -> None:
    request = Request(
        tmp_path, "qlora", profile="tiny", overrides={"lora.target_modules": '["no_such"]'}
    )
    with pytest.raises(RunError, match=r"lora\.target_modules"):
        probing.probe(request, say=lambda phase: None)
