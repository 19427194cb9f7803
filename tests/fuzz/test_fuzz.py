"""What failed once, and some of what nobody thought of, is answered in words: see `make fuzz`."""

from __future__ import annotations

import importlib.util
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import forked
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HERE = Path(__file__).resolve().parent
FAILED = sorted(HERE.glob("corpus/*/*"))


def _beside(name: str) -> ModuleType:
    """A module of this folder, which is no package."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


targets, mutator = _beside("targets"), _beside("mutator")
NAMES = (
    "run.toml", "events", "results", "queue", "notes", "ledger", "settings", "profile", "data",
    "parallel", "translations", "safetensors", "adapter config", "trained with", "config.json",
    "tokenizer_config.json", "tokenizer.json", "query", "arguments", "protocol", "text",
)  # fmt: skip


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, targets.Target]]:
    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    yield targets.all_of(targets.Desk(tmp_path / "desk"))
    os.environ.clear()
    os.environ.update(before)


def test_all_targets_are_tried(desk: dict[str, targets.Target]) -> None:
    assert set(desk) == set(NAMES)
    assert {file.parent.name for file in FAILED} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_usual_and_what_failed_once_is_answered(
    desk: dict[str, targets.Target], name: str
) -> None:
    inputs = [
        *desk[name].seeds,
        *(file.read_bytes() for file in FAILED if file.parent.name == name),
    ]

    def does() -> int:
        for content in inputs:
            desk[name].does(content)
        return 0

    found = forked.run(does)
    assert not found.fell, found
    assert found.cpu < 1 + len(inputs), found


@pytest.mark.parametrize("name", NAMES)
def test_what_is_strange_is_answered(desk: dict[str, targets.Target], name: str) -> None:
    @settings(
        max_examples=20, derandomize=True, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.sampled_from(desk[name].seeds), st.randoms(use_true_random=False))
    def answers(seed: bytes, draw: random.Random) -> None:
        desk[name].does(mutator.mutated(seed, draw))

    answers()
