"""The scheduler: starts what waits, goes on after a failure, is replaced when it was killed."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from fake_nvml import GIB, Card, FakeNvml
from samples import held_by_a_process, make_run
from stand_in import FAILS, FINISHES, WAITS, write_worker

from engine.machine import hardware, identity, lock
from engine.machine.hardware import Probe
from engine.machine.holders import Holder
from engine.queue import scheduler
from engine.queue.scheduler import Waiting
from engine.run import waiting_list
from engine.run.folder import Run
from engine.run.summary import Status
from engine.run.waiting_list import Entry, folder_of
from engine.start import launch

NO_GPU = Probe(FakeNvml(driver=False))
PYTHON = sys.executable


@pytest.fixture(autouse=True)
def _worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "POLL_SECONDS", 0.05)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(sys, "executable", write_worker(tmp_path / "worker", FINISHES))


@pytest.fixture
def waits(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Workers that go on until the end of the test."""
    monkeypatch.setattr(sys, "executable", write_worker(tmp_path / "waits", WAITS))
    yield
    for path in root.glob("*/run.toml"):
        if Run(path.parent).alive():
            launch.request_stop(Run(path.parent), force=True)


def queue(root: Path, *names: str, memory: int = 0, gpu: str = "") -> list[Run]:
    made = [make_run(root, run_id=name, gpu=gpu) for name in names]
    for run in made:
        waiting_list.add(root, Entry(run.id, memory))
    return made


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def serve(root: Path, probe: Probe = NO_GPU) -> None:
    """What the process does, in this one."""
    folder_of(root).mkdir(exist_ok=True)
    scheduler.serve(root, probe, lock.acquire(folder_of(root)))


def look(root: Path, probe: Probe = NO_GPU) -> dict[str, str]:
    found: list[Waiting] = scheduler.look(root, probe)
    return {waiting.run.id: waiting.place.reason for waiting in found}


def test_runs_are_started_one_after_the_other_and_the_queue_ends(root: Path) -> None:
    first, second = queue(root, "a", "b")
    serve(root)
    wait_for(lambda: not second.alive())
    assert first.summary().status is second.summary().status is Status.FINISHED
    assert first.summary().time.latest <= second.summary().time.began
    assert waiting_list.read(root) == []
    assert not lock.is_held(folder_of(root))


def test_a_failure_does_not_stop_the_queue(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", write_worker(tmp_path / "fails", FAILS))
    made = queue(root, "a", "b")
    serve(root)
    wait_for(lambda: not made[1].alive())
    assert [run.summary().status for run in made] == [Status.FAILED, Status.FAILED]


def test_a_run_that_cannot_be_started_has_failed_and_says_why(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run,) = queue(root, "a")
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    serve(root)
    summary = run.summary()
    assert summary.status is Status.FAILED
    assert "the worker did not start" in summary.message


def test_on_a_processor_a_run_waits_for_the_one_at_work(root: Path, waits: None) -> None:
    queue(root, "a", "b")
    assert [run.id for run in scheduler.start_what_may(root, NO_GPU)] == ["a"]
    assert scheduler.start_what_may(root, NO_GPU) == []
    assert look(root) == {"b": "waits for the run at work to end"}


def test_each_gpu_gets_a_run_that_fits_and_the_worker_sees_only_that(
    root: Path, waits: None
) -> None:
    nvml = FakeNvml(
        Card("GPU-a", "1", used=60 * GIB), Card("GPU-b", "2"), Card("GPU-c", "3", used=79 * GIB)
    )
    queue(root, "a", "b", "c", memory=15 * GIB)
    started = scheduler.start_what_may(root, Probe(nvml))
    started += scheduler.start_what_may(root, Probe(nvml))
    assert [run.id for run in started] == ["a", "b"]
    holders = [lock.holder(run.folder) for run in started]
    assert [holder and holder.gpu for holder in holders] == ["GPU-b", "GPU-a"]
    told = started[0].folder / "told.json"
    wait_for(told.exists)
    assert '"CUDA_VISIBLE_DEVICES": "GPU-b"' in told.read_text()
    assert look(root, Probe(nvml)) == {"c": "waits for 16.1 GB free on a GPU; GPU 2 has 1.1 GB"}


def test_a_run_that_wishes_for_a_busy_gpu_lets_others_pass(root: Path, waits: None) -> None:
    probe = Probe(FakeNvml(Card("GPU-a", "1"), Card("GPU-b", "2")))
    queue(root, "a", "b", gpu="GPU-a")
    queue(root, "c")
    started = [run.id for _ in range(2) for run in scheduler.start_what_may(root, probe)]
    assert started == ["a", "c"]
    assert look(root, probe) == {"b": "waits for the run on its GPU to end"}


def test_a_run_started_by_hand_under_a_choice_of_gpus_is_not_joined_by_another(
    root: Path, waits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvml = FakeNvml(Card("GPU-a", "1", used=GIB), Card("GPU-b", "2", used=2 * GIB))
    monkeypatch.setattr(hardware, "_nvml", lambda: nvml)
    with monkeypatch.context() as mine:
        mine.setenv("CUDA_VISIBLE_DEVICES", "1")
        launch.start(make_run(root, run_id="by hand"))
    queue(root, "a", "b")
    assert [run.id for run in scheduler.start_what_may(root, Probe(nvml))] == ["a"]
    holder = lock.holder(root / "a")
    assert holder is not None
    assert holder.gpu == "GPU-a"
    assert look(root, Probe(nvml)) == {"b": "waits for the run on its GPU to end"}


def test_nothing_is_started_on_the_processor_for_a_gpu_that_is_not_there(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    probe = Probe(FakeNvml(Card("GPU-a", "1")))
    queue(root, "a")
    assert scheduler.start_what_may(root, probe) == []
    assert "names no GPU of this machine" in look(root, probe)["a"]


def test_what_was_started_by_hand_or_deleted_is_forgotten(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", PYTHON)
    first, second, third = queue(root, "a", "b", "c")
    first.events_path.write_text("")
    (second.folder / "run.toml").write_text("broken")
    with held_by_a_process(third):
        assert scheduler.start_what_may(root, NO_GPU) == []
    assert waiting_list.read(root) == []


def test_nothing_is_started_where_nothing_waits(root: Path) -> None:
    assert not scheduler.ensure(root)
    assert not folder_of(root).exists()


def test_a_killed_scheduler_is_replaced_and_runs_go_on(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the real process; its one run waits for a lock that is held, so that nothing starts."""
    monkeypatch.setattr(sys, "executable", PYTHON)
    active = make_run(root, run_id="active")
    (run,) = queue(root, "a")
    with held_by_a_process(active) as holder:
        signed = Holder(holder.pid, socket.gethostname(), identity.clock_start(holder.pid))
        (active.folder / "worker.lock").write_bytes(msgspec.json.encode(signed))
        assert scheduler.ensure(root)
        assert not scheduler.ensure(root)
        first = lock.holder(folder_of(root))
        assert first is not None
        os.kill(first.pid, signal.SIGKILL)
        wait_for(lambda: not lock.is_held(folder_of(root)))
        assert run.summary().status is Status.WAITING
        assert scheduler.ensure(root)
        second = lock.holder(folder_of(root))
        assert second is not None
        assert second.pid != first.pid
        assert os.getsid(second.pid) == second.pid
        waiting_list.remove(root, run.id)
        wait_for(lambda: not lock.is_held(folder_of(root)))
    assert not run.events_path.exists()
