"""Two real runs in the queue: one after the other, past a scheduler that is killed between."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from small_runs import PARTS, PATIENCE, SMALL, cut_data

from engine.machine import lock
from engine.queue import queueing, scheduler
from engine.run import runs_folder, waiting_list
from engine.run.summary import Status
from engine.run.waiting_list import folder_of
from engine.start.request import Request


def test_the_queue_goes_on_when_its_scheduler_was_killed(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    data = {part: cut_data(part, tmp_path, count) for part, count in PARTS.items()}
    settings = {**SMALL, "training.max_steps": 1, "evaluation.samples": 0}
    overrides = {key: str(value).lower() for key, value in settings.items()}
    overrides |= {f"data.{part}": str(path) for part, path in data.items()}
    request = Request(root, "qlora", profile="tiny", overrides=overrides)
    first = queueing.enqueue(request)
    second = queueing.enqueue(queueing.again(first, {"training.learning_rate": "5e-4"}))
    wait_for(first.alive)
    assert second.summary().status is Status.WAITING
    holder = lock.holder(folder_of(root))
    assert holder is not None
    os.kill(holder.pid, signal.SIGKILL)
    wait_for(lambda: not first.alive())
    assert second.summary().status is Status.WAITING
    assert scheduler.ensure(root)
    wait_for(lambda: second.summary().ended)
    assert [run.summary().status for run in (first, second)] == [Status.FINISHED] * 2
    assert second.settings.profile.training.learning_rate == 5e-4
    assert waiting_list.read(root) == []
    wait_for(lambda: not lock.is_held(folder_of(root)))
    assert len(runs_folder.list_all(root)) == 2


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)
