"""Links, pipes and locks that others have put into a runs folder lead nowhere and end nothing."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import run_command
from fake_hub import FakeHub, serving
from samples import ENDED, MODEL, make_run
from stand_in import write_worker

from engine.experiments.ledger import Contents, Ledger
from engine.language.errors import RunError, UserError
from engine.machine import identity, regular_files
from engine.machine.files import write_atomically
from engine.models import pull
from engine.models.hub_source import HubSource
from engine.models.pull import CachePlace
from engine.queue import scheduler
from engine.run import events, notes, runs_folder, waiting_list
from engine.run.events import EventLog, Finished, Stopped
from engine.run.folder import Run
from engine.run.notes import Notes
from engine.run.trash import FOLDER, Trash, purge
from engine.run.waiting_list import Entry
from engine.start import launch

_SLEEPS = "import sys, time; print('up', flush=True); time.sleep(60)"
_HOLDS = """
import fcntl, sys, time
file = open(sys.argv[1], "r+")
fcntl.flock(file, fcntl.LOCK_EX)
print("up", flush=True)
time.sleep(60)
"""


@pytest.fixture
def run(root: Path) -> Run:
    return make_run(root, *ENDED)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A file of somebody who has put nothing there."""
    file = tmp_path / "precious"
    file.write_text("precious\n")
    return file


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[str]]:
    """A process that has nothing to do with any run, and leads its group as a shell does."""
    with _process(_SLEEPS) as process, ending(process):
        yield process


@contextlib.contextmanager
def ending(process: subprocess.Popen[str]) -> Iterator[None]:
    try:
        yield
    finally:
        process.kill()


def _process(code: str, *arguments: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-IS", "-c", code, *arguments],
        stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


@pytest.mark.parametrize("name", ["worker.lock", "worker.log"])
def test_a_worker_writes_through_no_link(
    run: Run, outside: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", write_worker(tmp_path / "worker"))
    (run.folder / name).unlink(missing_ok=True)
    (run.folder / name).symlink_to(outside)
    with pytest.raises(RunError, match="is a link, which is not followed"):
        launch.start(run)
    assert outside.read_text() == "precious\n"
    assert not run.alive()


def test_events_and_notes_are_written_through_no_link(run: Run, outside: Path) -> None:
    run.events_path.unlink()
    run.events_path.symlink_to(outside)
    with pytest.raises(OSError, match="is a link"):
        EventLog(run.events_path).append(Finished())
    with pytest.raises(RunError, match="is a link"):
        run.summary()
    (run.folder / "notes.toml").symlink_to(outside)
    with pytest.raises(RunError, match="is a link"):
        notes.change(run.folder, lambda _: Notes(name="mine"))
    assert outside.read_text() == "precious\n"


def test_the_queue_is_written_through_no_link(root: Path, outside: Path) -> None:
    elsewhere = outside.parent / "elsewhere"
    elsewhere.mkdir()
    (root / ".queue").symlink_to(elsewhere)
    with pytest.raises(RunError, match="is a link, and leads elsewhere"):
        waiting_list.add(root, Entry("a"))
    assert list(elsewhere.iterdir()) == []
    (root / ".queue").unlink()
    make_run(root, run_id="a")
    waiting_list.add(root, Entry("a"))
    (root / ".queue" / "scheduler.log").symlink_to(outside)
    assert not scheduler.ensure(root)
    assert outside.read_text() == "precious\n"


@pytest.mark.parametrize(
    "name", ["run.toml", "events.jsonl", "notes.toml", "worker.lock", "worker-1.json", "worker.log"]
)
@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_file_is_said_at_once(
    run: Run, name: str, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = run.folder / name
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    began = time.monotonic()
    for command in (["runs"], ["show", run.id], ["note", run.id, "--note", "x"], ["stop", run.id]):
        status, said, trouble = run_command(capsys, *command, "--runs", str(run.root))
        assert "Traceback" not in said + trouble
        assert status in (0, 1, 2)
    assert time.monotonic() - began < 10


def test_results_are_read_from_the_runs_own_folder_alone(
    root: Path, outside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = '{"id":"a","direction":"to_modern","perplexity":1.0,"instruction":"secret"}\n'
    outside.write_text(line)
    for number, file in enumerate(["../../precious", str(outside), "link", "away/precious"]):
        run = make_run(root, Finished(file=file), run_id=f"run-{number}")
        (run.folder / "link").symlink_to(outside)
        (run.folder / "away").symlink_to(outside.parent)
        _, said, trouble = run_command(capsys, "items", run.id, "--runs", str(root))
        assert "secret" not in said + trouble


def test_a_path_within_a_folder_is_walked_without_links(tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    file = tmp_path / "in" / "deep" / "file"
    file.write_text("mine")
    assert regular_files.content(file, within=tmp_path / "in") == b"mine"
    (tmp_path / "in" / "away").symlink_to(tmp_path)
    with pytest.raises(OSError, match="lies behind a link"):
        regular_files.content(
            tmp_path / "in" / "away" / "in" / "deep" / "file", within=tmp_path / "in"
        )
    with pytest.raises(OSError, match="lies outside of"):
        regular_files.content(tmp_path / "in" / ".." / "x", within=tmp_path / "in")
    with pytest.raises(OSError, match="is larger than 3 bytes, the most"):
        regular_files.content(file, most=3)


def test_the_trash_is_no_link(run: Run, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    (theirs / "abandoned" / "thesis").mkdir(parents=True)
    (theirs / "abandoned" / "worker.lock").write_text("")
    (run.root / FOLDER).symlink_to(theirs)
    assert purge(run.root) == 0
    with pytest.raises(RunError, match="is a link, and leads elsewhere"):
        Trash(run.root).take(run)
    (run.root / FOLDER).unlink()
    (run.root / FOLDER).mkdir()
    (run.root / FOLDER / "one").symlink_to(theirs / "abandoned")
    assert purge(run.root) == 0
    assert (theirs / "abandoned" / "thesis").is_dir()
    assert run.exists()


def test_delete_stays_in_the_folder_of_runs(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = make_run(tmp_path / "elsewhere", run_id="other")
    (run.root / "link").symlink_to(other.folder)
    for key in (f"{run.root}/../elsewhere/other", str(other.folder), "link", f"{run.root}/link"):
        status, _, trouble = run_command(capsys, "delete", key, "--yes", "--runs", str(run.root))
        assert status == 2, key
        assert "is not in" in trouble or "is a link to" in trouble
        assert other.exists()
    status, *_ = run_command(capsys, "delete", str(run.folder), "--yes", "--runs", str(run.root))
    assert status == 0
    assert not run.folder.exists()


def test_a_trash_takes_a_link_and_not_what_it_points_to(run: Run, tmp_path: Path) -> None:
    other = make_run(tmp_path / "elsewhere", run_id="other")
    (run.root / "link").symlink_to(other.folder)
    trash = Trash(run.root)
    trash.take(Run(run.root / "link"))
    trash.empty()
    assert other.exists()


@pytest.mark.parametrize("force", [True, False])
def test_only_a_process_that_holds_the_lock_is_ended(
    root: Path, bystander: subprocess.Popen[str], force: bool
) -> None:
    run = make_run(root, events.Started(steps=9))
    (run.folder / "worker.lock").touch()
    with _process(_HOLDS, str(run.folder / "worker.lock")) as holder, ending(holder):
        for pid in (bystander.pid, 0, -1, 1, os.getpid(), -bystander.pid, 2**40):
            _write(run, pid)
            with pytest.raises(RunError, match="does not hold it|has not said"):
                launch.request_stop(run, force=force)
        assert bystander.poll() is None
        _write(run, holder.pid)
        launch.request_stop(run, force=force)
        assert holder.wait(10) == -(signal.SIGKILL if force else signal.SIGTERM)
    assert bystander.poll() is None


def _write(run: Run, pid: int) -> None:
    import socket

    import msgspec

    began = identity.clock_start(pid) if 0 < pid < 2**31 else time.time()
    content = msgspec.json.encode({"pid": pid, "host": socket.gethostname(), "began": began})
    for name in ("worker.lock", "worker-1.json"):  # older versions wrote into the first
        (run.folder / name).write_bytes(content)


def test_a_queue_names_no_run_elsewhere(root: Path, tmp_path: Path) -> None:
    other = make_run(tmp_path / "elsewhere", run_id="other")
    for name in ("../elsewhere/other", str(other.folder), "..", ".", "", ".hidden", "a\0b"):
        waiting_list.add(root, Entry(name))
    assert waiting_list.read(root) == []
    assert not scheduler.ensure(root)
    assert not (other.folder / "worker.lock").exists()


def test_a_stopped_run_in_a_linked_folder_can_still_be_looked_at(
    root: Path, tmp_path: Path
) -> None:
    other = make_run(tmp_path / "big-disk", Stopped(), run_id="other")
    (root / "other").symlink_to(other.folder)
    assert [run.id for run in runs_folder.list_all(root)] == ["other"]


def test_a_shared_cache_and_an_experiment_are_written_through_no_link(
    root: Path, outside: Path, tmp_path: Path
) -> None:
    with serving(FakeHub({"owner/tiny": MODEL})) as served:
        remote = HubSource.open("owner/tiny", "main", served.url)
        place = CachePlace("owner/tiny", "main", remote.commit)
        place.folder.mkdir(parents=True)
        reference = place.folder.parent / "refs" / "main"
        reference.parent.mkdir()
        reference.symlink_to(outside)
        pull.bring(remote, place, lambda *told: None)
        assert outside.read_text() == "precious\n"
        (place.folder / remote.files["config.json"].key).unlink()
        (place.folder / f"{remote.files['config.json'].key}.part").symlink_to(outside)
        with pytest.raises(UserError, match="is a link, which is not followed"):
            pull.bring(remote, place, lambda *told: None)
    assert outside.read_text() == "precious\n"
    (root / "experiments").symlink_to(tmp_path)
    with pytest.raises(RunError, match="is a link, and leads elsewhere"):
        Ledger(root / "experiments" / "seed", Contents(created="x", stages=[])).save()
    assert not (tmp_path / "seed").exists()


def test_files_are_written_for_those_whom_the_umask_and_the_file_before_let_in(
    tmp_path: Path,
) -> None:
    file = tmp_path / "file"
    for umask, expected in ((0o022, 0o644), (0o002, 0o664), (0o077, 0o600)):
        before = os.umask(umask)
        try:
            file.unlink(missing_ok=True)
            write_atomically(file, b"new")
            assert file.stat().st_mode & 0o777 == expected
            EventLog(tmp_path / f"events-{umask}")
            assert (tmp_path / f"events-{umask}").stat().st_mode & 0o777 == expected
        finally:
            os.umask(before)
    write_atomically(file, b"newer")
    assert file.stat().st_mode & 0o777 == 0o600  # what was private stays so


def test_a_run_of_another_user_is_said_to_be_one(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(root, events.Started(steps=9))
    (run.folder / "worker.lock").touch()
    with _process(_HOLDS, str(run.folder / "worker.lock")) as holder, ending(holder):
        _write(run, holder.pid)
        monkeypatch.setattr(os, "geteuid", lambda: 12345)  # as it were: one cannot become two users
        with pytest.raises(RunError, match="belongs to another user"):
            launch.request_stop(run, force=True)
        assert holder.poll() is None


def test_a_link_is_no_checkpoint_and_making_room_leaves_what_it_leads_to(
    run: Run, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "trainer.safetensors").write_text("precious")
    run.checkpoints_path.mkdir()
    link = run.checkpoints_path / "step-000001"
    link.symlink_to(theirs)
    assert run.checkpoints() == []
    regular_files.clear(link)
    assert not link.is_symlink()
    assert (theirs / "trainer.safetensors").read_text() == "precious"
