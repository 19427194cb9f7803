"""Launching: a worker outlives its parent, stops when asked to, and dies when told to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_nvml import GIB, Card, FakeNvml
from samples import held_by_a_process, make_run
from stand_in import write_worker

from engine.language.errors import RunError
from engine.machine import hardware, lock
from engine.machine.lock import Holder
from engine.run.events import EventLog, Started, Stopped
from engine.run.folder import Run
from engine.run.summary import Status
from engine.start import launch

PYTHON = sys.executable


@pytest.fixture
def run(root: Path) -> Iterator[Run]:
    made = make_run(root)
    yield made
    if made.alive():
        launch.request_stop(made, force=True)


@pytest.fixture(autouse=True)
def _worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", write_worker(tmp_path / "worker"))


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def told(run: Run) -> dict[str, Any]:
    """What the worker tells of itself, once it is up."""
    path = run.folder / "told.json"
    wait_for(path.exists)
    return dict(json.loads(path.read_text()))


def test_a_worker_leads_a_session_of_its_own_and_stands_where_no_data_is(run: Run) -> None:
    pid = launch.start(run)
    found = told(run)
    assert found["pid"] == found["session"] == pid
    assert found["session"] != os.getsid(0)
    assert found["cwd"] == "/"


def test_what_a_worker_prints_goes_to_the_log(run: Run) -> None:
    launch.start(run)
    wait_for(lambda: b"stderr" in run.log_path.read_bytes())
    assert run.log_path.read_text() == "said to stdout\nsaid to stderr\n"


def test_the_log_of_a_resumed_run_goes_on_where_it_was(run: Run) -> None:
    run.log_path.write_text("before\n")
    launch.start(run)
    wait_for(lambda: b"stderr" in run.log_path.read_bytes())
    assert run.log_path.read_text().startswith("before\nsaid")


def test_a_setting_of_the_user_outweighs_that_for_workers(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    launch.start(run)
    environment = told(run)["environment"]
    assert environment["OMP_WAIT_POLICY"] == "ACTIVE"
    assert environment["TOKENIZERS_PARALLELISM"] == "false"


def test_a_run_is_never_seen_without_its_worker_while_it_starts(run: Run) -> None:
    seen: list[bool] = []
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            seen.append(run.alive())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        launch.start(run)
        status = run.summary().status
        told(run)
    finally:
        over.set()
        watcher.join()
    assert status is Status.STARTING
    assert seen[-1]
    assert all(seen[seen.index(True) :])


def test_the_lock_names_the_worker_as_soon_as_it_is_started(run: Run) -> None:
    pid = launch.start(run)
    holder = lock.holder(run.folder)
    assert holder is not None
    assert holder.pid == pid
    assert abs(holder.began - time.time()) < 10


def test_a_second_worker_is_refused_and_the_first_goes_on(run: Run) -> None:
    pid = launch.start(run)
    with pytest.raises(RunError, match=f"run {run.id} has a worker already"):
        launch.start(run)
    holder = lock.holder(run.folder)
    assert holder is not None
    assert holder.pid == pid
    assert run.alive()


def test_a_worker_that_is_asked_to_stop_stops_in_order(run: Run) -> None:
    launch.start(run)
    told(run)
    launch.request_stop(run)
    wait_for(lambda: not run.alive())
    assert run.summary().status is Status.STOPPED


def test_a_stopped_run_can_be_started_again(run: Run) -> None:
    for _ in range(2):
        launch.start(run)
        told(run)
        launch.request_stop(run)
        wait_for(lambda: not run.alive())
        (run.folder / "told.json").unlink()
    assert run.events_path.read_text().count("stopped") == 2


def test_a_worker_that_does_not_listen_is_killed_by_force(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", write_worker(tmp_path / "deaf", deaf=True))
    launch.start(run)
    told(run)
    launch.request_stop(run)
    time.sleep(0.1)
    assert run.alive()
    launch.request_stop(run, force=True)
    wait_for(lambda: not run.alive())
    assert run.summary().status is Status.INTERRUPTED


_PARENT = """
import os, signal, sys
from pathlib import Path
from engine.start import launch
from engine.run.folder import Run
sys.executable = sys.argv[1]
launch.start(Run(Path(sys.argv[2])))
os.killpg(0, signal.SIGKILL)
"""


def test_a_worker_survives_all_that_started_it_and_reads_nothing_of_theirs(run: Run) -> None:
    command = [PYTHON, "-c", _PARENT, sys.executable, str(run.folder)]
    died = subprocess.run(command, start_new_session=True, stdin=subprocess.PIPE)
    assert died.returncode == -9
    assert run.alive()
    os.kill(told(run)["pid"], 0)
    assert told(run)["stdin_is_null"]
    launch.request_stop(run)
    wait_for(lambda: not run.alive())
    assert run.summary().status is Status.STOPPED


def test_a_worker_that_cannot_be_started_is_said_and_leaves_the_lock_free(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(RunError, match=f"run {run.id}: the worker did not start: .*No such file"):
        launch.start(run)
    assert not run.alive()


def test_a_run_folder_that_has_gone_is_said(root: Path) -> None:
    with pytest.raises(RunError, match="cannot be written: No such file or directory"):
        launch.start(Run(root / "gone"))


def test_the_worker_of_a_run_with_a_gpu_sees_only_that(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvml = FakeNvml(Card("GPU-a", "1"), Card("GPU-b", "2"))
    monkeypatch.setattr(hardware, "_nvml", lambda: nvml)
    made = make_run(root, run_id="b", gpu="GPU-b")
    launch.start(made)
    environment = told(made)["environment"]
    assert environment["CUDA_VISIBLE_DEVICES"] == "GPU-b"
    assert environment["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    holder = lock.holder(made.folder)
    assert holder is not None
    assert holder.gpu == "GPU-b"
    launch.request_stop(made, force=True)


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> list[Card]:
    """Three GPUs, the second with most room."""
    used = {"GPU-a": 70, "GPU-b": 1, "GPU-c": 60}
    found = [Card(uuid, uuid, used=GIB * gib) for uuid, gib in used.items()]
    monkeypatch.setattr(hardware, "_nvml", lambda: FakeNvml(*found))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return found


def taken(run: Run) -> str:
    """The GPU that is booked, if it is also what the worker sees."""
    launch.start(run)
    holder = lock.holder(run.folder)
    seen = told(run)["environment"].get("CUDA_VISIBLE_DEVICES")
    assert holder is not None
    assert holder.gpu == seen
    return holder.gpu


def test_a_direct_start_takes_the_freest_gpu_and_passes_over_one_with_a_run(
    root: Path, cards: list[Card]
) -> None:
    made = [make_run(root, run_id=name) for name in "abcd"]
    assert [taken(run) for run in made] == ["GPU-b", "GPU-c", "GPU-a", "GPU-b"]
    for run in made:
        launch.request_stop(run, force=True)


@pytest.mark.parametrize(
    ("wish", "expected"), [("0,2", "GPU-c"), ("GPU-a", "GPU-a"), ("2,9,1", "GPU-c")]
)
def test_the_users_own_choice_of_gpus_is_kept_and_booked(
    run: Run, cards: list[Card], monkeypatch: pytest.MonkeyPatch, wish: str, expected: str
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", wish)
    assert taken(run) == expected


def test_gpus_that_are_not_there_are_refused_and_hidden_ones_left_alone(
    run: Run, cards: list[Card], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    with pytest.raises(RunError, match="CUDA_VISIBLE_DEVICES=7 names no GPU of this machine"):
        launch.start(run)
    assert not run.alive()
    for meant in ("", "-1", "MIG-1234"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", meant)
        launch.start(run)
        assert told(run)["environment"]["CUDA_VISIBLE_DEVICES"] == meant
        launch.request_stop(run, force=True)
        wait_for(lambda: not run.alive())
        (run.folder / "told.json").unlink()


def test_a_run_whose_gpu_is_gone_is_not_left_to_the_processor(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "_nvml", lambda: FakeNvml(Card("GPU-a", "1")))
    made = make_run(root, run_id="b", gpu="GPU-b")
    with pytest.raises(RunError, match="its GPU GPU-b is not on this machine; .*--gpu"):
        launch.start(made)
    assert not made.alive()
    launch.start(made, gpu="GPU-a")
    assert told(made)["environment"]["CUDA_VISIBLE_DEVICES"] == "GPU-a"
    launch.request_stop(made, force=True)


def test_a_run_without_a_worker_cannot_be_stopped(run: Run) -> None:
    with pytest.raises(RunError, match=f"run {run.id} is not running"):
        launch.request_stop(run)


def test_a_run_on_another_host_is_stopped_there(run: Run) -> None:
    with held_by_a_process(run):
        (run.folder / "worker.lock").write_bytes(b'{"pid":1,"host":"elsewhere","began":0.0}')
        assert lock.holder(run.folder) == Holder(1, "elsewhere", 0.0)
        with pytest.raises(RunError, match=f"run {run.id} runs on elsewhere; stop it there"):
            launch.request_stop(run)


def test_a_worker_that_has_not_said_who_it_is_yet_is_not_stopped(run: Run) -> None:
    held = lock.acquire(run.folder)
    with pytest.raises(RunError, match="has not said its process id yet; try again"):
        launch.request_stop(run)
    held.close()


def test_a_worker_that_has_said_its_last_word_is_waited_for(run: Run) -> None:
    EventLog(run.events_path).append(Stopped(step=3, checkpoint="step-000003"))
    held = lock.acquire(run.folder)
    assert run.is_busy(patience=0.1)
    leaving = threading.Timer(1.6, held.close)  # longer than a lock alone is waited for
    leaving.start()
    assert launch.start(run)
    leaving.join()
    told(run)


def test_a_worker_at_work_is_not_waited_for(run: Run) -> None:
    EventLog(run.events_path).append(Started(steps=9))
    held = lock.acquire(run.folder)
    began = time.monotonic()
    assert run.is_busy()
    assert time.monotonic() - began < 4
    with pytest.raises(RunError, match="has a worker already"):
        launch.start(run)
    held.close()
