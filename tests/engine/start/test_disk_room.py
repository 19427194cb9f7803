"""A run that cannot fit on its disk is not started, and what may be deleted is named."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_nvml import FakeNvml
from samples import TINY, make_run, tiny
from small_disk import fill, small_disk

from engine.cli import main
from engine.language.errors import RunError
from engine.machine.hardware import Probe
from engine.queue import scheduler
from engine.run import waiting_list
from engine.run.events import Stopped
from engine.run.trash import Trash
from engine.run.waiting_list import Entry
from engine.start import disk_room, launch, preflight
from engine.start.request import Request, prepare


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "64m") as mounted:
        yield mounted


@pytest.fixture
def runs(disk: Path) -> Path:
    return disk / "runs"


def refused(root: Path) -> str:
    with pytest.raises(RunError) as error:
        prepare(Request(root, "qlora", profile=str(TINY)))
    return str(error.value)


def test_a_start_that_cannot_fit_is_refused_before_anything_is_made(
    runs: Path, disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(disk, leave=2_000_000)
    assert main(["train", str(TINY), "--runs", str(runs), "--detach"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"on the disk at {disk}, which has 2.0 MB free" in said
    assert "are missing" in said
    assert not runs.exists()


def test_what_is_missing_is_what_the_outlook_reckons(runs: Path, disk: Path) -> None:
    request = Request(runs, "qlora", profile=str(TINY))
    need = preflight.look_ahead(request, Probe(FakeNvml(driver=False))).disk
    filler = fill(disk, leave=need)
    assert "MB free" in refused(runs)
    filler.unlink()
    fill(disk, leave=need + 3_000_000)
    assert prepare(request).exists()


def test_what_may_be_deleted_is_named_with_what_it_holds(runs: Path, disk: Path) -> None:
    ended = make_run(runs, Stopped(step=1))
    checkpoint = ended.checkpoints_path / "step-000001"
    checkpoint.mkdir(parents=True)
    (checkpoint / "adapter_model.safetensors").write_bytes(bytes(3_000_000))
    gone = make_run(runs, run_id="20260102-120000-tiny-qlora")
    (gone.folder / "large").write_bytes(bytes(5_000_000))
    trash = Trash(runs)
    trash.take(gone)
    fill(disk, leave=2_000_000)
    said = refused(runs)
    assert "5.0 MB of deleted runs go when the workbench that deleted them is closed" in said
    assert f"hold 3.0 MB, those of {ended.id} most: `yiwen delete {ended.id}`" in said
    assert len(trash) == 1


def test_what_nobody_can_bring_back_makes_room_by_itself(runs: Path, disk: Path) -> None:
    left = runs / ".deleted" / "of-a-killed-workbench"
    (left / "20260102-120000-tiny-qlora").mkdir(parents=True)
    (left / "20260102-120000-tiny-qlora" / "large").write_bytes(bytes(40_000_000))
    (left / "worker.lock").touch()
    fill(disk, leave=2_000_000)
    assert prepare(Request(runs, "qlora", profile=str(TINY))).exists()
    assert not left.exists()


def test_a_run_is_not_resumed_where_nothing_can_be_written(runs: Path, disk: Path) -> None:
    run = make_run(runs, Stopped(step=1))
    fill(disk)
    with pytest.raises(RunError, match="are missing"):
        launch.start(run)
    assert not run.alive()


def test_a_run_in_the_queue_waits_for_room_on_the_disk(runs: Path, disk: Path) -> None:
    run = prepare(Request(runs, "qlora", profile=str(TINY)))
    waiting_list.add(runs, Entry(run.id))
    probe = Probe(FakeNvml(driver=False))
    filler = fill(disk, leave=2_000_000)
    (waiting,) = scheduler.look(runs, probe)
    assert not waiting.place.free
    assert "free on the disk of the runs; 2.0 MB are" in str(waiting.place.reason)
    filler.unlink()
    (waiting,) = scheduler.look(runs, probe)
    assert waiting.place.free


def test_a_run_that_only_scores_needs_little(runs: Path, disk: Path) -> None:
    fill(disk, leave=2_000_000)
    disk_room.require(runs, tiny(), "evaluate", {"test": 84})
    with pytest.raises(RunError):
        disk_room.require(runs, tiny(), "evaluate", {"test": 84_000})
    assert shutil.disk_usage(disk).free <= 2_000_000
