"""Runs that differ in their seeds alone are one row of `yiwen runs --seeds`, each beneath."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from commands import run_command
from samples import make_run, score, tiny

from engine.run.events import Finished, Started
from engine.run.settings import DataFile


def test_seeds_are_one_row_with_each_of_them_beneath(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    profile = tiny()
    for seed, perplexity in ((1, 8.0), (2, 10.0)):
        training = msgspec.structs.replace(profile.training, seed=seed)
        make_run(
            tmp_path,
            Started(),
            Finished(score=score(perplexity)),
            run_id=f"run-{seed}",
            profile=msgspec.structs.replace(profile, training=training),
            data={"test": DataFile("/x/test.json", "a" * 64, 84)},
        )
    status, out, _ = run_command(capsys, "runs", "--seeds", "--runs", str(tmp_path))
    assert status == 0
    _, _, together, one, other = (line for line in out.splitlines() if line.strip())
    assert "qlora × 2 seeds" in together
    assert "9.00 ± 1.41" in together
    assert {one.split()[1], other.split()[1]} == {"run-1", "run-2"}
    assert one.startswith("· ")
