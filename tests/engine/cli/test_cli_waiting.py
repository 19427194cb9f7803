"""`yiwen queue` and `yiwen preflight` as one types them."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import as_json, run_command
from samples import ENDED, make_run

from engine.queue import scheduler
from engine.run import waiting_list
from engine.run.folder import Run
from engine.run.summary import Status

SHORT = ("--set", "training.max_steps=2")


@pytest.fixture(autouse=True)
def schedulers(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Nothing is started; what would have been is noted."""
    asked: list[Path] = []
    monkeypatch.setattr(scheduler, "ensure", lambda root: asked.append(root))
    monkeypatch.setenv("YIWEN_RUNS", str(root))
    return asked


def waiting(root: Path) -> list[str]:
    return [entry.run for entry in waiting_list.read(root)]


def test_a_run_is_added_shown_moved_and_removed(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = [str(as_json(capsys, "queue", "add", "tiny", *SHORT)["run"]) for _ in range(3)]
    assert waiting(root) == ids
    first = Run(root / ids[0])
    assert first.summary().status is Status.WAITING
    assert first.settings.overrides == {"training.max_steps": "2"}
    rows = as_json(capsys, "queue")
    assert [row["run"] for row in rows] == ids
    assert rows[0]["memory"] > 1e9
    _, said, _ = run_command(capsys, "queue")
    assert ids[2] in said
    run_command(capsys, "queue", "move", "3", "1")
    assert waiting(root) == [ids[2], ids[0], ids[1]]
    status, said, _ = run_command(capsys, "queue", "remove", ids[2])
    assert (status, ids[2] in said) == (0, True)
    assert waiting(root) == ids[:2]
    assert not (root / ids[2]).exists()


def test_a_copy_differs_in_the_setting_that_is_named(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = as_json(capsys, "queue", "add", "tiny", *SHORT)["run"]
    copied = as_json(capsys, "queue", "copy", first, "--set", "training.learning_rate=5e-4")["run"]
    settings = Run(root / copied).settings
    assert settings.overrides == {"training.max_steps": "2", "training.learning_rate": "5e-4"}
    assert settings.profile.training.max_steps == 2
    assert settings.profile.training.learning_rate == 5e-4
    assert settings.job == "train"
    assert waiting(root) == [first, copied]


def test_a_base_model_waits_to_be_scored(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    added = as_json(capsys, "queue", "add", "tiny", "--strategy", "few-shot")["run"]
    settings = Run(root / added).settings
    assert (settings.job, settings.strategy, len(settings.examples)) == ("evaluate", "few-shot", 4)


def test_what_is_wrong_is_said_before_anything_waits(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, said = run_command(capsys, "queue", "add", "tiny", "--set", "training.epoch=1")
    assert (status, "did you mean 'training.epochs'" in said) == (2, True)
    status, _, said = run_command(capsys, "queue", "add", "tiny", "--gpu", "GPU-none")
    assert (status, "no GPU 'GPU-none' on this machine" in said) == (2, True)
    status, _, said = run_command(capsys, "queue", "remove", "x")
    assert (status, "no run 'x' waits" in said) == (2, True)
    assert list(root.glob("*/run.toml")) == []


def test_an_empty_queue_says_what_fills_it(capsys: pytest.CaptureFixture[str]) -> None:
    _, said, _ = run_command(capsys, "queue")
    assert "yiwen queue add tiny" in said


def test_commands_about_runs_keep_the_queue_going(
    root: Path, capsys: pytest.CaptureFixture[str], schedulers: list[Path]
) -> None:
    make_run(root, *ENDED)
    run_command(capsys, "runs")
    run_command(capsys, "profiles")
    assert schedulers == [root]


def test_preflight_for_people_and_programs(capsys: pytest.CaptureFixture[str]) -> None:
    _, said, _ = run_command(capsys, "preflight", "tiny", *SHORT)
    assert "training.max_steps = 2 (profile: 0)" in said
    assert "yiwen train tiny --set training.max_steps=2" in said
    found = as_json(capsys, "preflight", "tiny", *SHORT)
    assert (found["steps"], found["left_out"], found["leaks"]) == (2, 0, 0)
    assert sum(found["memory_parts"].values()) == found["memory"]
    assert found["changed"] == {"training.max_steps": 2}
