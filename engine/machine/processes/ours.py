"""Tells whether a process that a lock file names is the one that holds the lock.

Whoever can write into a run's folder can hold its lock and write any number into the file: that of
a shell, of an editor, 0 for one's own group. Only a process that has the very file open is ended.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

_CLOSE = 2.0
"""Seconds by which a start may be off: it is reckoned from the start of the machine."""


def holds(pid: int, lock_file: Path, began: float) -> bool:
    """Is this a process that leads its own group and has the file open?

    Raises PermissionError if it is another user's, whose files cannot be seen.
    """
    import psutil  # only where a worker is to be ended

    if pid <= 1 or pid == os.getpid() or not _leads(pid):
        return False
    try:
        process = psutil.Process(pid)
        if os.geteuid() not in (0, process.uids().real):
            raise PermissionError
        if sys.platform != "linux":  # there, files of others cannot be looked at as surely
            near = abs(process.create_time() - began) < _CLOSE
            return near and any("engine.worker" in word for word in process.cmdline())
    except psutil.Error:
        return False
    return _has_open(pid, lock_file)


def _leads(pid: int) -> bool:
    try:
        return os.getpgid(pid) == pid != os.getpgrp()
    except OSError:
        return False


def _has_open(pid: int, file: Path) -> bool:
    try:
        wanted = os.lstat(file)
        handles = list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False
    for handle in handles:
        try:
            found = os.stat(handle)
        except OSError:
            continue
        if (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino):
            return True
    return False
