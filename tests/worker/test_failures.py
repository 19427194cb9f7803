"""What goes wrong is said in one message that a user can act on; the traceback stays in the log."""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path

import pytest
import tomli
import tomli_w
import torch
from small_runs import RunMaker, SmallRun

from engine.errors import DataError
from engine.events import Failed
from engine.paths import BUILTIN_PROFILES
from engine.summary import Status
from engine.worker import failures


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
        ("no weights", ["model.path", "model.safetensors"]),
        ("torn weights", ["model.path", "safetensors"]),
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
        (torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), "GPU"),
        (RuntimeError("CUDA error: out of memory"), "GPU"),
        (MemoryError(), "main memory"),
        (_out_of_main_memory(), "main memory"),
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


def test_out_of_gpu_memory_names_the_dial() -> None:
    failed = failures.explain(torch.cuda.OutOfMemoryError("CUDA out of memory."))
    assert "tokens_per_pass" in failed.hint


def test_a_users_mistake_is_told_whole() -> None:
    failed = failures.explain(DataError("a.json: record 1: empty\na.json: record 2: empty"))
    assert failed.message == "a.json: record 1: empty\na.json: record 2: empty"
    assert failed.hint == ""
