"""Pairs that an adapter was trained on are told from those that are new to it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from samples import make_run, pair, write_pairs

from engine.run import overlap
from engine.run.folder import Run
from engine.run.settings import DataFile


@pytest.fixture
def trained(root: Path, tmp_path: Path) -> Run:
    """A run that learnt pairs 0 to 9."""
    file = write_pairs(tmp_path / "train.json", [pair(number) for number in range(10)])
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return make_run(root, data={"train": DataFile(str(file), digest, 10)})


def test_pairs_that_were_learnt_are_counted(trained: Run) -> None:
    scored = [pair(number) for number in (8, 9, 10, 11)]
    told = overlap.warning(str(trained.adapter_path), scored)
    said = f"2 of 4 pairs share a sentence with what {trained.id} was trained on"
    assert str(told).startswith(said)
    checkpoint = trained.checkpoints_path / "step-000009"
    assert overlap.warning(str(checkpoint), scored) == told


def test_new_pairs_and_adapters_of_no_run_are_passed_over(trained: Run, tmp_path: Path) -> None:
    assert overlap.warning(str(trained.adapter_path), [pair(11)]) == ""
    assert overlap.warning("", [pair(1)]) == ""
    assert overlap.warning(str(tmp_path / "adapter"), [pair(1)]) == ""


def test_a_training_file_that_has_changed_tells_nothing(trained: Run) -> None:
    write_pairs(Path(trained.settings.data["train"].path), [pair(1)])
    told = overlap.warning(str(trained.adapter_path), [pair(1)])
    assert str(told).startswith("it cannot be told which of these pairs")
    assert "has changed" in told


def test_an_adapter_deeper_in_a_runs_folder_is_none_of_the_run(trained: Run) -> None:
    deeper = trained.checkpoints_path / "step-000009" / "copy"
    assert overlap.warning(str(deeper), [pair(1)]) == ""
