"""What is written is whole, and on the disk when that is said, wherever the writer is killed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import disk_calls
import pytest
from samples import step, tiny

from engine.machine import files
from engine.run import events, runs_folder
from engine.run.events import EventLog

OLD, NEW = {"a": b"old", "b/c": b"older"}, {"a": b"new", "d": b"newer"}


def content(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def write(folder: Path, files_: dict[str, bytes]) -> Path:
    for name, text in files_.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text)
    return folder


@pytest.mark.parametrize("before", [None, b"old"])
def test_a_file_is_the_old_or_the_new_wherever_its_writer_is_killed(
    tmp_path: Path, before: bytes | None
) -> None:
    path = tmp_path / "file"
    if before is not None:
        path.write_bytes(before)
    seen = set()
    for number in disk_calls.killed_before_each(
        lambda: files.write_atomically(path, b"new"), tmp_path
    ):
        found = path.read_bytes() if path.exists() else None
        seen.add(found)
        assert found in (before, b"new"), number
        shutil.rmtree(tmp_path)
        tmp_path.mkdir()
        if before is not None:
            path.write_bytes(before)
    assert b"new" in seen


def test_a_file_is_on_the_disk_before_its_name_is_and_that_before_it_is_said(
    tmp_path: Path,
) -> None:
    calls = disk_calls.told(lambda: files.write_atomically(tmp_path / "file", b"new"), tmp_path)
    made, synced, renamed, named = [call for call in calls if call != f"open {tmp_path}"]
    temporary = made.removeprefix("open ")
    assert synced == f"fsync {temporary}"
    assert renamed == f"rename {temporary} file"
    assert named == f"fsync {tmp_path}"


@pytest.mark.parametrize("before", [None, OLD])
def test_a_folder_is_the_old_or_the_new_wherever_its_writer_is_killed(
    tmp_path: Path, before: dict[str, bytes] | None
) -> None:
    root = tmp_path / "root"
    part, target = root / ".it.part", root / "it"

    def prepare() -> None:
        shutil.rmtree(root, ignore_errors=True)
        write(part, NEW)
        if before is not None:
            write(target, before)

    prepare()
    ends = []
    for number in disk_calls.killed_before_each(lambda: files.put_in_place(part, target), root):
        files.take_back(target)
        ends.append(content(target) if target.exists() else None)
        assert ends[-1] in (before, NEW), number
        assert {path.name for path in root.iterdir()} <= {"it", ".it.part"}
        if ends[-1] != NEW:
            assert content(part) == NEW
        prepare()
    assert ends[0] == before
    assert ends[-1] == NEW


def test_a_folder_is_on_the_disk_before_its_name_is(tmp_path: Path) -> None:
    part = write(tmp_path / ".it.part", {"a": b"1", "b/c": b"2"})
    calls = disk_calls.told(lambda: files.put_in_place(part, tmp_path / "it"), tmp_path)
    order = [call for call in calls if not call.startswith("open")]
    renamed = order.index("rename .it.part it")
    assert set(order[:renamed]) == {
        "fsync .it.part/a",
        "fsync .it.part/b/c",
        "fsync .it.part/b",
        "fsync .it.part",
    }
    assert order[renamed - 1] == "fsync .it.part"
    assert order.index("fsync .it.part/b/c") < order.index("fsync .it.part/b")
    assert order[renamed + 1] == f"fsync {tmp_path}"


def test_an_event_that_says_what_would_be_missed_is_on_the_disk(tmp_path: Path) -> None:
    def work() -> None:
        log = EventLog(tmp_path / "events.jsonl")
        log.append(step(1))
        os.mkdir(tmp_path / "between")
        log.append(events.Saved(step=1, checkpoint="step-000001"))

    calls = disk_calls.told(work, tmp_path)
    assert calls[-2:] == ["mkdir between", "fsync events.jsonl"]
    assert calls.count("fsync events.jsonl") == 1


def test_a_run_that_was_made_is_on_the_disk(tmp_path: Path) -> None:
    calls = disk_calls.told(
        lambda: runs_folder.create(
            tmp_path, job="train", strategy="qlora", profile=tiny(), data={}
        ),
        tmp_path,
    )
    assert any(call.startswith("rename") and call.endswith("run.toml") for call in calls)
    assert calls[-1] == f"fsync {tmp_path}"


def test_a_folder_takes_the_name_of_a_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "it").write_bytes(b"a file")
    files.put_in_place(write(tmp_path / ".it.part", NEW), tmp_path / "it")
    assert content(tmp_path / "it") == NEW
    assert [path.name for path in tmp_path.iterdir()] == ["it"]
