"""A worker that is ended and cannot say so: its witness tells by whom, as far as can be known."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_runs import PATIENCE, RunMaker, SmallRun

from engine.machine import lock
from engine.machine.processes import kernel_kills
from engine.run.events import Failed, Started
from engine.run.summary import Status

ROOT = Path("/sys/fs/cgroup")
FEW = 150 << 20
"""Bytes; importing torch takes more."""


def _begun(small: SmallRun) -> int:
    """The worker's process id, as soon as it has a model loaded."""
    small.start()
    small.wait_for(lambda event: isinstance(event, Started))
    holder = lock.holder(small.run.folder)
    assert holder is not None
    return holder.pid


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (signal.SIGKILL, "the worker was killed from outside"),
        (signal.SIGSEGV, "the worker crashed: Segmentation fault"),
    ],
)
def test_a_worker_that_is_ended_by_a_signal_fails_with_words(
    make_run: RunMaker, number: signal.Signals, said: str
) -> None:
    small = make_run()
    os.kill(_begun(small), number)
    assert small.wait().status is Status.FAILED, small.log()
    (failed,) = small.of_kind(Failed)
    assert small.events()[-1] == failed
    assert failed.message == said
    assert failed.hint
    assert said in small.log()
    if number == signal.SIGSEGV:
        assert "most recent call first" in small.log()


def test_what_is_asked_for_is_no_failure(make_run: RunMaker) -> None:
    small = make_run()
    _begun(small)
    assert small.stop(force=True).status is Status.INTERRUPTED
    assert small.of_kind(Failed) == []


def test_the_kernel_ends_a_worker_where_memory_runs_out(make_run: RunMaker) -> None:
    small = make_run(strategy="zero-shot")
    with _little_memory() as group:
        small.start()  # what is started here stays in the group
        _enter(_own_group())
        assert small.wait().status is Status.FAILED, small.log()
        assert _killed(group) > 0
    (failed,) = small.of_kind(Failed)
    assert failed.message == "the system's memory ran out, and the kernel ended the worker"
    assert "training.tokens_per_pass" in failed.hint


def test_a_process_that_was_killed_is_told_from_one_that_ended() -> None:
    otherwise = kernel_kills.why(None)[1]
    with subprocess.Popen(["sleep", "600"]) as process:
        process.kill()
        process.wait()
    said = kernel_kills.last_words(process.returncode, kernel_kills.count(), otherwise)
    assert said.places["message"] == "the worker was killed from outside"
    with subprocess.Popen(["false"]) as process:
        process.wait()
    assert kernel_kills.last_words(process.returncode, None, otherwise) is otherwise


@contextlib.contextmanager
def _little_memory() -> Iterator[Path]:
    """A cgroup with little memory, which this process is in; skips where none can be made."""
    own = _own_group()
    group = own / f"yiwen-{uuid.uuid4().hex[:8]}"
    limit = "memory.max" if (own / "cgroup.controllers").exists() else "memory.limit_in_bytes"
    try:
        group.mkdir()
        try:
            (group / limit).write_text(str(FEW))
            _enter(group)
        except OSError:
            group.rmdir()
            raise
    except OSError as error:
        pytest.skip(f"no cgroup with a limit of memory can be made here: {error}")
    try:
        yield group
    finally:
        _enter(own)
        _remove(group)


def _remove(group: Path) -> None:
    """As soon as the last process in it is gone, which may be about to leave."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            group.rmdir()
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def _own_group() -> Path:
    """The cgroup that limits this process's memory; skips where none can be seen."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _number, controllers, path = line.split(":", 2)
        if controllers == "memory" or (not controllers and not (ROOT / "memory").exists()):
            place = ROOT / controllers / path.lstrip("/")
            if place.is_dir():
                return place.parent if place.name.startswith("yiwen-") else place
    pytest.skip("no cgroup of memory can be seen here")


def _enter(group: Path) -> None:
    (group / "cgroup.procs").write_text(str(os.getpid()))


def _killed(group: Path) -> int:
    files = [group / "memory.events", group / "memory.oom_control"]
    text = next(file.read_text() for file in files if file.exists())
    return int(next(line for line in text.splitlines() if line.startswith("oom_kill ")).split()[1])
