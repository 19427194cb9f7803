"""A process that has everything loaded, and forks one for each task that it is told of.

It runs under LD_PRELOAD of the shim. Its own side is `serve`; `Forks` is the one that asks.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from shim import Fault

SOURCE = Path(__file__).resolve().parents[2]
NO_FAULT = Fault()
Do = Callable[[Any, Callable[[], None]], int]
"""Does a task, calls when faults are to begin, and returns the exit status."""
BROKEN = 99
"""The exit status of a task that ended with an exception."""


class Forks:
    """The process, and the way to speak with it."""

    def __init__(self, library: Path, log: Path, script: str, *arguments: str) -> None:
        """`script` stands beside this file, and calls `serve`."""
        self._log = log
        with log.open("wb") as told:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name(script)), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=told,
                text=True,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join([str(SOURCE), str(SOURCE / "tests/support")]),
                    "LD_PRELOAD": str(library),
                    "OMP_NUM_THREADS": "1",
                    "CUDA_VISIBLE_DEVICES": "",
                },
            )
        self._heard()

    def do(
        self,
        task: Any,
        below: Path,
        log: Path,
        fault: Fault = NO_FAULT,
        trace: Path | None = None,
    ) -> int:
        """Let a fork do a task; its exit status, or minus the signal that ended it.

        What it prints is added to `log`; `trace` is a file that is to name all calls that could
        have gone wrong.
        """
        asked = {"task": task, "below": str(below), "log": str(log), "trace": str(trace or "")}
        assert self._process.stdin
        print(json.dumps({**asked, "fault": asdict(fault)}), file=self._process.stdin, flush=True)
        return self._heard()

    def _heard(self) -> int:
        assert self._process.stdout
        answer = self._process.stdout.readline()
        assert answer, f"the process that forks is gone:\n{self._log.read_text()}"
        return int(answer)


def answers() -> IO[str]:
    """Where to answer; what else is printed goes to standard error from now on."""
    found = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return found


def serve(do: Do, answers: IO[str]) -> None:
    """Fork for each line that is read, and answer how the fork ended."""
    shim = ctypes.CDLL(None)
    gc.collect()
    gc.freeze()
    print(0, file=answers, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if (child := os.fork()) == 0:
            _leave(_done(do, shim, asked))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


def _done(do: Do, shim: ctypes.CDLL, asked: Any) -> int:
    fault = asked["fault"]

    def arm() -> None:
        if asked["trace"]:
            shim.yiwen_fault_trace(os.open(asked["trace"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC))
        shim.yiwen_fault_arm(
            asked["below"].encode(),
            fault["calls"].encode(),
            ctypes.c_long(fault["number"]),
            ctypes.c_long(fault["times"]),
            fault["error"],
            fault["how"].encode(),
        )

    try:
        os.setsid()
        log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        return do(asked["task"], arm)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return BROKEN


def _leave(status: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
    os._exit(status)
