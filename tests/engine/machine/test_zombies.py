"""Processes of ours that have ended leave no zombies behind while their starter lives."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from engine.machine.processes import python


def test_a_process_that_nobody_waits_for_is_reaped() -> None:
    null = subprocess.DEVNULL
    pid = python.spawn("engine.no_such_module", stdout=null, stderr=null).pid
    deadline = time.monotonic() + 60
    while Path(f"/proc/{pid}").exists():  # a zombie has a place there too
        assert time.monotonic() < deadline, Path(f"/proc/{pid}/stat").read_text()
        time.sleep(0.02)
