"""Memory that really runs out: a process that may have no more of it than it has, and a little."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from small_runs import RunMaker

ROOT = Path(__file__).resolve().parents[4]
LIMITED = """
import json, resource, sys
from pathlib import Path

from engine.worker.process import quiet
quiet.prepare()
import torch
from accelerate import Accelerator
from engine.prompts.builder import Encoded
from engine.run.events import Warned
from engine.run.folder import Run
from engine.worker.batching.passes import PassSize
from engine.worker.process import failures
from engine.worker.process.reporter import Reporter
from engine.worker.scoring import evaluate, translate
from engine.worker.scoring.evaluate import Scored
from engine.worker.scoring.session import Session
from engine.worker.training.loop import Trainer

MB = 1 << 20
told = []
trainer = Trainer(Session(Run(Path(sys.argv[1])), Reporter(told.append)))
session, computed, pad = trainer.session, trainer.computed, 0


def data():
    line = next(x for x in open("/proc/self/status") if x.startswith("VmData"))
    return int(line.split()[1]) * 1024


def limit(room):
    \"\"\"So many bytes more than are taken now; -1: as many as there are.\"\"\"
    most = data() + room if room >= 0 else resource.RLIM_INFINITY
    resource.setrlimit(resource.RLIMIT_DATA, (most, resource.RLIM_INFINITY))


def item(name, tokens):
    return Encoded("", [5 + at % 90 for at in range(tokens)], [0] * 4 + [1] * (tokens - 4), name)


def gradient(batch):
    trainer.model.train()
    loss = float(trainer.steps._gradient.accumulate(batch))
    found = torch.cat([p.grad.flatten() for p in trainer.parameters])
    trainer.optimizer.zero_grad()
    return loss, float(found.norm())


def score(items):
    pairs = trainer.data.test.pairs[:1] * len(items)
    file = Scored(pairs, items, [[]] * len(items), 0)
    found = evaluate.score(computed, file, trainer.profile, trainer.report, "test file", pad)
    return [one.nll for one in found]


def warnings():
    said = [event.message for event in told if isinstance(event, Warned)]
    told.clear()
    return said


def failing(phase, work):
    try:
        work()
    except Exception as error:
        failed = failures.explain(error, phase)
        return [failed.message, failed.hint]


small, large = [item(f"pair-{n}", 60) for n in range(64)], [item("the-long-one", 6000)]
gradient(small[:2]), score(small[:2])  # threads and buffers are there
found = {"data": data()}
limit(int(sys.argv[2]) * MB)
found["gradient"] = [gradient(small), warnings()]
found["gradient of one"] = failing("training", lambda: gradient(small + large))
found["score"] = [score(small), warnings()]
found["score of one"] = failing("scoring test file", lambda: score(large))
limit(-1)
warnings()
found["gradient at ease"] = [gradient(small), warnings()]
found["score at ease"] = [score(small), warnings()]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(make_run: RunMaker, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list]:  # type: ignore[type-arg]
    if not hasattr(resource, "RLIMIT_DATA") or not Path("/proc/self/status").exists():
        pytest.skip("this system limits no process's memory")
    small = make_run(lora__dropout=0.0, training__tokens_per_pass=4096)
    script = tmp_path_factory.mktemp("limited") / "limited.py"
    script.write_text(LIMITED, "utf-8")
    done = subprocess.run(
        [sys.executable, str(script), str(small.run.folder), "150"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answers: dict[str, list] = json.loads(done.stdout.splitlines()[-1])  # type: ignore[type-arg]
    return answers


@pytest.mark.parametrize(("what", "doing"), [("gradient", "training"), ("score", "scoring")])
def test_what_has_no_room_goes_on_in_smaller_passes_to_the_same_numbers(
    found: dict[str, list],  # type: ignore[type-arg]
    what: str,
    doing: str,
) -> None:
    (numbers, told), (right, at_ease) = found[what], found[f"{what} at ease"]
    assert told
    assert all(f"out of memory while {doing}; going on with passes" in one for one in told)
    assert at_ease == []
    assert numbers == pytest.approx(right, rel=1e-3)


@pytest.mark.parametrize(
    ("what", "dial"),
    [("gradient", "training.max_prompt_tokens"), ("score", "evaluation.max_tokens")],
)
def test_a_pair_for_which_there_is_no_room_even_alone_is_named(
    found: dict[str, list],  # type: ignore[type-arg]
    what: str,
    dial: str,
) -> None:
    message, hint = found[f"{what} of one"]
    assert "the system's memory ran out while" in message
    assert "of 6000 tokens does not fit, not even alone" in message
    assert dial in hint
    if what == "gradient":
        assert "item the-long-one of" in message
