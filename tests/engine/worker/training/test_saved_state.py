"""What a resumed run goes on from: kept bit by bit, in a file that cannot run anything."""

from __future__ import annotations

import math
import pickle
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError

from engine.worker.training import saved_state
from engine.worker.training.checkpoints import TrainerState
from engine.worker.training.progress import Progress


def test_nested_values_and_tensors_come_back_as_they_were(tmp_path: Path) -> None:
    shared = torch.arange(4, dtype=torch.uint8)
    state = {
        "state": {0: {"step": torch.tensor(3.0), "map": shared}, 1: {"map": shared, "n": 2}},
        "groups": [{"betas": (0.9, 0.95), "lr": 1e-300, "params": [0, 1], "foreach": None}],
        "infinite": math.inf,
        "empty": torch.zeros(0, 3),
        "strided": torch.arange(6).reshape(2, 3).t(),
        "half": torch.tensor([1.5], dtype=torch.bfloat16),
    }
    saved_state.write(tmp_path / "x", state)
    found = saved_state.read(tmp_path / "x")
    assert found["groups"] == state["groups"]
    assert found["infinite"] == math.inf
    assert found["state"][0]["map"] is found["state"][1]["map"]
    for name in ("empty", "strided", "half"):
        assert torch.equal(found[name], state[name])  # type: ignore[arg-type]
        assert found[name].dtype == state[name].dtype  # type: ignore[attr-defined]


def test_the_state_of_a_trainer_comes_back_and_the_old_form_is_read(tmp_path: Path) -> None:
    weight = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.AdamW([weight], lr=0.1)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (step + 1))
    weight.sum().backward()
    optimizer.step()
    scheduler.step()
    state = TrainerState.now(Progress(step=1, best="step-000001"), optimizer, scheduler)
    state.write(tmp_path / "trainer.safetensors")
    torch.save({**vars(state), "progress": vars(state.progress)}, tmp_path / "trainer.pt")
    for name in ("trainer.safetensors", "trainer.pt"):
        found = TrainerState.read(tmp_path / name)
        assert found.progress == state.progress
        assert torch.equal(found.random, state.random)
        assert found.scheduler == state.scheduler
        moment = found.optimizer["state"][0]["exp_avg"]
        assert torch.equal(moment, state.optimizer["state"][0]["exp_avg"])
        found.restore(optimizer, scheduler)


class _Evil:
    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.witness), "w")


def test_a_pickle_runs_under_neither_name(tmp_path: Path) -> None:
    for name in ("trainer.safetensors", "trainer.pt"):
        (tmp_path / name).write_bytes(pickle.dumps({"progress": _Evil(tmp_path / "witness")}))
        with pytest.raises((pickle.UnpicklingError, SafetensorError)):
            TrainerState.read(tmp_path / name)
    assert not (tmp_path / "witness").exists()


@pytest.mark.parametrize("best", ["../../../elsewhere", "/etc", "step-1/..", 7])
def test_the_best_checkpoint_is_no_path(tmp_path: Path, best: object) -> None:
    saved_state.write(tmp_path / "trainer.safetensors", {"progress": {"step": 1, "best": best}})
    with pytest.raises(ValueError, match="best"):
        TrainerState.read(tmp_path / "trainer.safetensors")
