"""Runs the command line in a child of this process, warm and held to bounds: CPU, memory, time."""

from __future__ import annotations

import importlib
import os
import pkgutil
import resource
import select
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PATIENCE = 60.0
"""Seconds until a child counts as hung: the machine may be busy, so CPU is measured apart."""
ROOM = 200 << 20
"""Bytes that a child may take beyond what this process has."""


@dataclass(frozen=True)
class Outcome:
    """How it ended."""

    status: int | None
    """The exit status; None where it hung, or was ended by a signal."""
    said: str
    """Standard output and standard error together."""
    cpu: float
    """Seconds of processor."""
    peak: int
    """Bytes of memory beyond those it began with."""

    @property
    def fell(self) -> str:
        """Why it is none of the ways in which a command may end; empty if it is."""
        if self.status is None:
            return "hung or was killed"
        if self.status not in (0, 1, 2):
            return f"ended with {self.status}"
        for sign in ("Traceback (most recent", "fault of yiwen itself"):
            if sign in self.said:
                return sign
        return f"took {self.peak >> 20} MiB" if self.peak > ROOM else ""


@cache
def warm() -> None:
    """Import what commands import at first use, so that only their own work is measured."""
    import engine.cli
    import engine.cli.data

    for package in (engine.cli, engine.cli.data):
        for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            importlib.import_module(module.name)
    from engine.language.texts import _

    _("")


def run(does: Callable[[], int], patience: float = PATIENCE) -> Outcome:
    """What a child makes of it, which sees what this process sees and changes nothing of it."""
    warm()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        _be_a_child(does, read, write)
    os.close(write)
    began = _bytes_of(child)
    said, hung = _listen(read, patience)
    os.close(read)
    if hung:
        os.kill(child, signal.SIGKILL)
    _pid, status, used = os.wait4(child, 0)
    ended = os.waitstatus_to_exitcode(status)
    return Outcome(
        status=None if hung or ended < 0 else ended,
        said=said,
        cpu=used.ru_utime + used.ru_stime,
        peak=max(0, used.ru_maxrss * 1024 - began),
    )


def command(*arguments: str, at: Path | None = None) -> Outcome:
    """A command of the command line, started in a folder."""

    def does() -> int:
        from engine.cli import main

        if at is not None:
            os.chdir(at)
        return main(arguments)

    return run(does)


def _be_a_child(does: Callable[[], int], read: int, write: int) -> None:
    status = 70
    try:
        os.close(read)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (write, 1), (write, 2)):
            os.dup2(source, target)
        most = int(PATIENCE)
        resource.setrlimit(resource.RLIMIT_CPU, (most, most))
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        try:
            status = does()
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else 1
        except BaseException:
            traceback.print_exc()
    finally:
        with suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _listen(read: int, patience: float) -> tuple[str, bool]:
    """All that it says, and whether it had to be waited for in vain."""
    import time

    deadline = time.monotonic() + patience
    parts = []
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([read], [], [], left)[0]:
            break
        part = os.read(read, 1 << 16)
        if not part:
            return b"".join(parts).decode(errors="replace"), False
        parts.append(part)
    return b"".join(parts).decode(errors="replace"), True


def _bytes_of(process: int) -> int:
    with suppress(OSError):
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return 0
