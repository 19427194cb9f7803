"""A worker on a disk that fills up while it works: real workers, on a small disk of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import run_command
from small_disk import fill, small_disk
from small_runs import SmallRun

from engine.run.events import WAITING_FOR_ROOM, Event, Phase, Started, Step, Warned
from engine.run.summary import Status

LONG = {"training.max_steps": 4000, "training.epochs": 4000, "evaluation.samples": 0}
"""Longer than any test looks at it."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "64m") as mounted:
        yield mounted


@pytest.fixture
def started(disk: Path, request: pytest.FixtureRequest) -> Iterator[SmallRun]:
    settings = {**LONG, "training.checkpoint_every": 500, "training.on_disk_full": request.param}
    small = SmallRun.prepare(disk, settings)
    small.start()
    yield small
    small.kill()


def is_waiting(event: Event) -> bool:
    return isinstance(event, Phase) and event.name == WAITING_FOR_ROOM


@pytest.mark.parametrize("started", ["wait"], indirect=True)
def test_a_run_waits_for_room_says_so_and_goes_on(
    started: SmallRun, disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    started.wait_for(lambda event: isinstance(event, Step))
    filler = fill(disk)
    started.wait_for(is_waiting)
    run = started.run
    for command in (["runs", "--runs", str(run.root)], ["show", str(run.folder)]):
        assert "● disk full" in run_command(capsys, *command)[1]
    assert run.summary().status is Status.RUNNING
    assert "waits for room" in str(run.summary().message)
    reached = run.summary().step
    filler.unlink()
    started.wait_for(lambda event: isinstance(event, Step) and event.step > reached)
    steps = [event.step for event in started.of_kind(Step)]
    assert steps == list(range(1, steps[-1] + 1)), "each step is told, and once"
    assert [warned.message[:17] for warned in started.of_kind(Warned)] == [
        "the disk of the r",
        "the disk was full",
    ]
    assert "disk full" not in run_command(capsys, "runs", "--runs", str(run.root))[1]
    assert started.stop().status is Status.STOPPED
    assert not (run.folder / ".reserve").exists()


@pytest.mark.parametrize("started", ["wait"], indirect=True)
def test_a_run_that_waits_can_be_stopped(started: SmallRun, disk: Path) -> None:
    started.wait_for(lambda event: isinstance(event, Started))
    fill(disk)
    started.wait_for(is_waiting)
    summary = started.stop()
    assert summary.status is Status.FAILED
    assert "No space left on device" in str(summary.message)


@pytest.mark.parametrize("started", ["stop"], indirect=True)
def test_a_run_that_is_not_to_wait_ends_and_says_why_on_the_full_disk(
    started: SmallRun, disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    started.wait_for(lambda event: isinstance(event, Started))
    fill(disk)
    summary = started.wait()
    assert summary.status is Status.FAILED
    assert "No space left on device" in str(summary.message)
    assert str(summary.hint) == "the disk is full: free some space, then resume the run"
    shown = run_command(capsys, "show", str(started.run.folder))[1]
    assert "No space left on device" in shown
