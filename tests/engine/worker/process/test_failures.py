"""What goes wrong is said in one message that a user can act on; the traceback stays in the log."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest
import tomli
import tomli_w
import torch
from fake_nvml import GIB, Card, FakeNvml
from small_runs import RunMaker, SmallRun

from engine.language.errors import DataError, RunError
from engine.machine import hardware
from engine.machine.paths import BUILTIN_PROFILES
from engine.run.events import Failed
from engine.run.summary import Status
from engine.worker.process import failures, out_of_memory
from engine.worker.process.devices import check_device
from engine.worker.process.out_of_memory import Holding


def _own_profile(folder: Path) -> Path:
    """A profile with a model folder of its own, to be broken."""
    table = tomli.loads((BUILTIN_PROFILES / "tiny.toml").read_text("utf-8"))
    shutil.copytree(
        BUILTIN_PROFILES / "tiny", folder / "model", ignore=shutil.ignore_patterns("build", "data")
    )
    table["model"]["path"] = "model"
    (folder / "own.toml").write_text(tomli_w.dumps(table), encoding="utf-8")
    return folder / "own.toml"


@pytest.fixture(scope="module")
def broken_runs(
    make_run: RunMaker, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, SmallRun]:
    """Runs that were right when they were made, and are not when their workers start."""
    made: dict[str, SmallRun] = {}
    for name in ("no weights", "torn weights", "no tokenizer", "other data"):
        profile = _own_profile(tmp_path_factory.mktemp("profile"))
        made[name] = make_run(profile=profile, strategy="zero-shot")
        model = profile.parent / "model"
        if name == "no weights":
            (model / "model.safetensors").unlink()
        elif name == "torn weights":
            with (model / "model.safetensors").open("r+b") as file:
                file.truncate(1 << 20)
        elif name == "no tokenizer":
            (model / "tokenizer.json").unlink()
        else:
            path = made[name].data["test"]
            items = json.loads(path.read_text("utf-8"))
            path.write_text(json.dumps(items[1:]), encoding="utf-8")
    for small in made.values():
        small.start()
    for small in made.values():
        small.wait()
    return made


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no weights", ["/model/model.safetensors: no such file", "get it again"]),
        ("torn weights", ["/model/model.safetensors: has 1048576 bytes", "get it again"]),
        ("no tokenizer", ["tokenizer.json"]),
        ("other data", ["test.json", "has changed"]),
    ],
)
def test_a_broken_run_fails_with_one_message(
    broken_runs: dict[str, SmallRun], name: str, said: list[str]
) -> None:
    small = broken_runs[name]
    summary = small.run.summary()
    assert summary.status is Status.FAILED, small.log()
    (failed,) = small.of_kind(Failed)
    assert small.events()[-1] == failed
    assert all(word in failed.message for word in said), failed.message
    assert failed.type in ("UserError", "DataError")
    assert "Traceback" not in small.run.events_path.read_text("utf-8")
    assert 'File "' not in failed.message
    assert "Traceback" in small.log()
    assert not (small.run.evaluations_path / "test.jsonl").exists()


def test_a_failed_run_can_be_started_again_when_mended(
    broken_runs: dict[str, SmallRun],
) -> None:
    small = broken_runs["no weights"]
    model = Path(small.run.settings.profile.model.path)
    shutil.copy(BUILTIN_PROFILES / "tiny" / "model.safetensors", model)
    small.start()
    assert small.wait().status is Status.FINISHED, small.log()


def _out_of_main_memory() -> RuntimeError:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60, dtype=torch.uint8)
    return caught.value


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (
            torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
            "tokens_per_pass",
        ),
        (RuntimeError("CUDA error: out of memory"), "tokens_per_pass"),
        (MemoryError(), "training.tokens_per_pass"),
        (_out_of_main_memory(), "training.tokens_per_pass"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
        (ImportError("libcudart.so.12: cannot open"), "install"),
        (RuntimeError("mat1 and mat2 shapes\ncannot be multiplied"), "worker.log"),
    ],
)
def test_errors_are_explained(error: Exception, hint: str) -> None:
    failed = failures.explain(error)
    assert failed.type == type(error).__name__
    assert failed.message
    assert "\n" not in failed.message
    assert hint in failed.hint


def test_it_is_said_whose_memory_ran_out() -> None:
    of_gpu = failures.explain(RuntimeError("CUDA error: out of memory"), "training").message
    assert of_gpu == "the GPU's memory ran out while training"
    of_system = failures.explain(_out_of_main_memory(), "merging")
    assert of_system.message == "the system's memory ran out while merging"
    assert "--dtype bfloat16" in of_system.hint


def _hint(phase: str, *cards: Card) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hardware, "_nvml", lambda: FakeNvml(*cards))
        patch.setenv("CUDA_VISIBLE_DEVICES", cards[-1].uuid if cards else "")
        return failures.explain(torch.cuda.OutOfMemoryError("CUDA out of memory."), phase).hint


@pytest.mark.parametrize(
    ("phase", "dial"),
    [
        ("training", "training.tokens_per_pass"),
        ("scoring test file", "lower evaluation.tokens_per_pass"),
        ("translating samples", "generation.batch_size"),
        ("loading the model", "quantization.method = nf4"),
    ],
)
def test_out_of_gpu_memory_names_the_dial_of_what_was_done(phase: str, dial: str) -> None:
    assert dial in _hint(phase)
    assert dial in _hint(phase, Card("GPU-a", "1", compute={os.getpid(): 79 * GIB}))


def test_memory_that_another_process_holds_is_not_put_down_to_the_settings() -> None:
    theirs = Card("GPU-a", "1", total=140 * GIB, used=138 * GIB, compute={2**22 + 5: 138 * GIB})
    unseen = Card("GPU-a", "1", total=140 * GIB, used=138 * GIB)
    for card in (theirs, unseen):
        said = _hint("loading the model", Card("GPU-z", "0"), card)
        assert said.startswith("others hold ")
        assert "2.1 GB are free" in said
        assert "yiwen queue add" in said
        assert "tokens_per_pass" not in said
        assert "gradient_checkpointing" not in said
    assert f"process {2**22 + 5}, 148.2 GB" in _hint("training", theirs)


def test_a_limit_of_our_own_is_named() -> None:
    found = Holding(total=80 * GIB, free=60 * GIB, own=19 * GIB, limit=20 * GIB)
    assert "model.gpu_memory lets this run have 21.5 GB" in out_of_memory.advice(found, "training")


def test_what_computes_on_the_processor_beside_a_gpu_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []

    def check() -> None:
        check_device(torch.device("cpu"), lambda message, hint: told.append(message))

    monkeypatch.setattr(hardware, "_nvml", lambda: FakeNvml(driver=False))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    check()
    assert told == []
    monkeypatch.setattr(hardware, "_nvml", lambda: FakeNvml(Card("GPU-a", "1")))
    with pytest.raises(RunError, match="CUDA_VISIBLE_DEVICES=7 names no GPU .* 0 NVIDIA H100"):
        check()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    check()
    assert "on the processor, not on NVIDIA H100" in told[0]
    assert "CUDA_VISIBLE_DEVICES hides every GPU" in told[0]
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    check()  # torch is built without CUDA here, or there is no GPU for it
    assert len(told) == 2


def test_a_users_mistake_is_told_whole() -> None:
    failed = failures.explain(DataError("a.json: record 1: empty\na.json: record 2: empty"))
    assert failed.message == "a.json: record 1: empty\na.json: record 2: empty"
    assert failed.hint == ""
