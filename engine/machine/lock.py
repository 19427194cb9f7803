"""Who works on a run: a lock on worker.lock, held by the worker for life and free once it is gone.

flock is released by the kernel even after `kill -9`, and a process id that was given to another
program cannot deceive it. Where the file system has no locks, host, process id and start time
decide.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import time
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Struct

from engine.language.errors import RunError
from engine.machine import reading, regular_files

_LONGEST = 4096
"""Bytes of a lock file."""
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)


class Holder(Struct, frozen=True):
    """What is written in the lock file."""

    pid: Annotated[int, msgspec.Meta(ge=1, lt=1 << 31)]
    """Anything else names no process, but one's own group, or none at all."""
    host: str
    began: float
    """When the process began, seconds since the epoch."""
    gpu: str = ""
    """UUID of the GPU it was given; empty where CUDA chose."""


def acquire(folder: Path, *, wait: float = 1.0) -> int:
    """Take a run's lock; the descriptor holds it until it and its copies are closed.

    Raises RunError when a worker holds it for longer than `wait` seconds.
    """
    handle = regular_files.descriptor(folder / "worker.lock", os.O_RDWR | os.O_CREAT)
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(handle)
                raise RunError("run {name} has a worker already", name=folder.name) from None
            time.sleep(0.02)  # another program may be probing
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            if _lives(holder(folder)):
                os.close(handle)
                raise RunError("run {name} has a worker already", name=folder.name) from None
            return handle


def adopt(handle: int) -> None:
    """Make sure of a lock inherited from the launcher.

    A no-op where locks belong to open files; on NFS they belong to processes, so there the child
    gets its own as soon as the launcher has closed.
    """
    os.set_inheritable(handle, False)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise


def sign(handle: int, pid: int, gpu: str = "") -> None:
    """Write into the lock file who holds it."""
    content = msgspec.json.encode(Holder(pid, socket.gethostname(), _process_began(pid), gpu))
    os.ftruncate(handle, 0)
    os.pwrite(handle, content, 0)


def holder(folder: Path) -> Holder | None:
    """Who held the lock last, as written in the file."""
    try:
        content = regular_files.content(folder / "worker.lock", most=_LONGEST)
        return reading.json_of(content, Holder)
    except (OSError, ValueError):
        return None


def is_held(folder: Path) -> bool:
    """Does a living process hold the run's lock?"""
    try:
        # Only for reading: it may be another user's run.
        handle = regular_files.descriptor(folder / "worker.lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        return error.errno in _NO_LOCKS and _lives(holder(folder))
    finally:
        os.close(handle)
    return False


def wait_until_free(folder: Path, poll: float = 2.0) -> None:
    """Block until no process holds the run's lock; asleep, but where there are no locks."""
    try:
        handle = regular_files.descriptor(folder / "worker.lock", os.O_RDONLY)
    except OSError:
        return  # never locked, or the folder has gone
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
    except OSError:
        while is_held(folder):
            time.sleep(poll)
    finally:
        os.close(handle)


def _lives(last: Holder | None) -> bool:
    if last is None:
        return False
    if last.host != socket.gethostname():
        return True  # cannot be seen from here: rather wait than start a second worker
    return abs(_process_began(last.pid) - last.began) < 2.0


def _process_began(pid: int) -> float:
    """When a process began, seconds since the epoch; 0 if there is none."""
    import psutil  # only workers and file systems without locks need it

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return 0.0
