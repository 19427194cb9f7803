"""What silently goes wrong on CPUs: repacked weights, slow types, spinning threads, noise."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import bitsandbytes as bnb
import pytest
import torch
from peft import PeftModel
from samples import make_run
from torch import Tensor, nn

from engine.data.dataset import Pair
from engine.machine.processes import python
from engine.profile.schema import Profile
from engine.prompts.builder import PromptBuilder
from engine.start import launch
from engine.worker.batching.batches import plan_passes
from engine.worker.model.plain import PlainModel
from engine.worker.process.devices import compute_dtype
from engine.worker.process.reporter import Reporter
from engine.worker.scoring import evaluate
from engine.worker.scoring.evaluate import Scored

CPU = torch.device("cpu")


def _gradient(model: PeftModel, computed: PlainModel, builder: PromptBuilder, pair: Pair) -> Tensor:
    """Of the adapter, in training mode, as one long vector."""
    model.train()
    encoded = [builder.encode(pair.instruction, pair.output)]
    (one,) = plan_passes(encoded, row_tokens=0, tokens_per_pass=4096, pad_id=0)
    model.zero_grad()
    computed.losses(one).mean().backward()
    found = [p.grad.flatten().clone() for p in model.parameters() if p.grad is not None]
    model.zero_grad()
    model.eval()
    return torch.cat(found)


def test_an_evaluation_leaves_training_as_it_was(
    tuned: PeftModel, profile: Profile, builder: PromptBuilder, pairs: list[Pair]
) -> None:
    computed = PlainModel(tuned)
    before = _gradient(tuned, computed, builder, pairs[0])
    file = Scored.prepare(pairs[:3], builder, 1024)
    evaluate.score(computed, file, profile, Reporter(lambda event: None), "test", pad_id=0)
    after = _gradient(tuned, computed, builder, pairs[0])
    assert nn.functional.cosine_similarity(before, after, dim=0) > 0.9999
    assert float(after.norm()) == pytest.approx(float(before.norm()), rel=1e-4)
    linear = [module for module in tuned.modules() if isinstance(module, bnb.nn.Linear4bit)]
    assert len(linear) == 56  # seven in each of eight layers
    for module in linear:
        assert module.weight.quant_state.nested
        assert module.weight.quant_state.state2 is not None
        assert not getattr(module.weight.quant_state, "packing_format_for_cpu", False)
        assert module.weight.dtype == torch.uint8


@pytest.mark.parametrize(
    ("asked", "amx", "expected", "warned"),
    [
        ("auto", False, torch.float32, False),
        ("auto", True, torch.float32, False),
        ("float32", True, torch.float32, False),
        ("bfloat16", False, torch.float32, True),
        ("bfloat16", True, torch.bfloat16, False),
        ("float16", False, torch.float32, True),
        ("float16", True, torch.float32, True),
    ],
)
def test_slow_types_are_refused_on_a_cpu(
    monkeypatch: pytest.MonkeyPatch, asked: str, amx: bool, expected: torch.dtype, warned: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    said: list[str] = []
    dtype = compute_dtype(asked, CPU, lambda message, hint: said.append(f"{message}{hint}"))
    assert dtype is expected
    assert bool(said) == warned
    assert not warned or asked in said[0]


def _environment_of_a_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Start a process as a worker is started, but a program that writes down its environment."""
    program = tmp_path / "python"
    program.write_text(
        f"#!{sys.executable}\nimport json, os\nprint(json.dumps(dict(os.environ)), flush=True)\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    run = make_run(tmp_path)
    launch.start(run)
    while not (said := run.log_path.read_text()).endswith("}\n"):
        time.sleep(0.01)
    found: dict[str, str] = json.loads(said)
    return found


def test_a_workers_environment_is_set_for_cpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in python.WORKER_ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    found = _environment_of_a_worker(tmp_path, monkeypatch)
    assert found["OMP_WAIT_POLICY"] == "PASSIVE"
    assert found["MALLOC_MMAP_MAX_"] == "0"
    assert int(found["MALLOC_TRIM_THRESHOLD_"]) > 1 << 30
    assert found["TOKENIZERS_PARALLELISM"] == "false"


def test_a_users_own_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    sound = str(Path(os.__file__).parent)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([sound, "/tmp"]))
    found = _environment_of_a_worker(tmp_path, monkeypatch)
    assert found["OMP_WAIT_POLICY"] == "ACTIVE"
    assert found["MALLOC_MMAP_MAX_"] == "0"
    assert found["PYTHONPATH"] == sound
    assert found["YIWEN_LEFT_OUT"] == "/tmp"  # where others can write


def test_a_worker_started_by_hand_says_nothing_at_import() -> None:
    program = (
        "from engine.worker.process import quiet\n"
        "quiet.prepare()\n"
        "import os\n"
        "assert os.environ['OMP_WAIT_POLICY'] == 'PASSIVE'\n"
        "import engine.worker.training.loop\n"
        "import engine.worker.jobs.score_file, engine.worker.jobs.serve\n"
        "quiet.silence_progress_bars()\n"
    )
    environment = {k: v for k, v in os.environ.items() if k not in python.WORKER_ENVIRONMENT}
    source = str(Path(launch.__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**environment, "PYTHONPATH": source},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
