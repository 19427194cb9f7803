"""What a worker takes of the machine: only a living one, on this host, under its own number."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import msgspec
import psutil
from samples import held_by_a_process, make_run

from engine.machine import identity
from engine.machine.holders import Holder
from engine.machine.usage import UsageProbe


def _sign(folder: Path, holder: Holder) -> None:
    (folder / "worker.lock").write_bytes(msgspec.json.encode(holder))


def test_a_living_worker_has_memory(root: Path) -> None:
    run = make_run(root)
    with held_by_a_process(run) as process:
        _sign(
            run.folder, Holder(process.pid, socket.gethostname(), identity.clock_start(process.pid))
        )
        probe = UsageProbe(run.folder)
        probe.read()
        usage = probe.read()
        assert usage is not None
        assert usage.pid == process.pid
        assert usage.memory > 1_000_000
        assert usage.cpu >= 0
        process.kill()
        process.wait()
        assert probe.read() is None


def test_no_worker_another_host_or_another_program(root: Path) -> None:
    run = make_run(root)
    probe = UsageProbe(run.folder)
    assert probe.read() is None
    began = psutil.Process().create_time()
    _sign(run.folder, Holder(os.getpid(), "elsewhere", began))
    assert probe.read() is None
    _sign(run.folder, Holder(os.getpid(), socket.gethostname(), began - 1000))
    assert probe.read() is None
