"""Says which process one is, so that another one can tell later whether it still lives.

A number alone does not: it is given to another program, and means another one in a container or
on another machine. What the kernel counts from its own start does not go wrong with the clock.
"""

from __future__ import annotations

import os
import socket
import sys
from functools import cache
from pathlib import Path

from msgspec import Struct

_NAMELESS = ("", "localhost", "localhost.localdomain")
_CLOSE = 2.0
"""Seconds by which a start may be off where it is told by the clock."""


class Identity(Struct, frozen=True):
    """A process, as told from any other of any machine."""

    pid: int
    began: int = 0
    """Ticks since the kernel's start; 0 where they are not shown."""
    boot: str = ""
    """Of the kernel: another one after each start."""
    namespace: str = ""
    """In which the number means this process: that of a container, or of the machine."""


def of(pid: int) -> Identity:
    """A living process of this machine."""
    return Identity(pid, _state(pid)[1], boot(), _namespace())


def lives(process: Identity) -> bool | None:
    """Does a process live? None if it cannot be seen from here."""
    if process.boot != boot() or process.namespace != _namespace():
        return None
    if not _is_there(process.pid):
        return False
    letter, began = _state(process.pid)
    return letter not in ("Z", "X") and began in (0, process.began)


def lives_as_of(pid: int, began: float) -> bool:
    """Does a process of this machine live that began then, by the clock?"""
    return abs(clock_start(pid) - began) < _CLOSE


def clock_start(pid: int) -> float:
    """When a process began, seconds since the epoch; 0 if there is none."""
    import psutil  # slow to import

    try:
        process = psutil.Process(pid)
        return 0.0 if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return 0.0


def is_name_of_one(host: str) -> bool:
    """Does a machine's name tell it from others?"""
    return host not in _NAMELESS


@cache
def boot() -> str:
    """Which start of which kernel this is; where the system does not say, which machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return socket.gethostname()


@cache
def _namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def _state(pid: int) -> tuple[str, int]:
    """The letter of what a process does, and when it began; nothing where it is hidden."""
    if sys.platform != "linux":
        return "", round(clock_start(pid))
    try:
        line = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return "", 0
    words = line.rpartition(") ")[2].split()  # its name, in brackets, may hold any of them
    return (words[0], int(words[19])) if len(words) > 19 else ("", 0)
