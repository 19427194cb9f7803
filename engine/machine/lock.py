"""Who works on a run: a lock held by the worker for life, and free once it is gone.

Two things hold it. `worker.lock` is locked by the file system, which lets go of it even after
`kill -9`; only who may write in the folder can open it, so nobody else can hold it. And a file
beside it says who the holder is (`engine.machine.holders`): it keeps two from starting at once
where the file system has no locks, or each machine its own, and tells others how the holder does.
"""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import time
from pathlib import Path

from msgspec.structs import replace

from engine.language.errors import RunError
from engine.machine import holders, identity, lock_reach, regular_files
from engine.machine.holders import Claim, Holder
from engine.machine.lock_state import WORKER, State, holder, is_held, judge, look, unseen

__all__ = ["Lock", "State", "acquire", "adopt", "dismiss", "holder", "is_held", "look", "unseen"]


class Lock:
    """A lock that this process holds; close it, or leave a `with`, to let go of it."""

    def __init__(self, folder: Path, name: str, handle: int, claim: Claim) -> None:
        self.folder, self.handle = folder, handle
        self._name, self._claim = name, claim

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def passed(self) -> str:
        """What a child that inherits the descriptor is told, to `adopt` the lock."""
        return f"{self.handle}-{self._claim.number}"

    def sign(self, pid: int, gpu: str = "") -> None:
        """Say that this process or a child holds it for its work. Raises OSError."""
        said = _holder(self.folder, self.handle, pid, gpu, has_lock=self._has_lock)
        holders.say(self.folder, self._name, self._claim.number, said)

    def reserve(self, gpu: str) -> None:
        """Say which GPU the child will get, before it is started. Raises OSError."""
        assert self._claim.holder is not None
        said = replace(self._claim.holder, gpu=gpu)
        holders.say(self.folder, self._name, self._claim.number, said)

    def close(self) -> None:
        """Let go of it; a child to which it was passed keeps it."""
        try:
            now = holders.latest(self.folder, self._name)
            if now and now.holder and now.holder.process == identity.of(os.getpid()):
                left = replace(now.holder, has_left=True)
                holders.say(self.folder, self._name, now.number, left)
        except OSError:
            pass  # the folder is gone, or its disk full: a process that has ended holds nothing
        os.close(self.handle)

    @property
    def _has_lock(self) -> bool:
        return self._claim.holder is not None and self._claim.holder.has_lock


def acquire(folder: Path, *, name: str = WORKER, wait: float = 1.0) -> Lock:
    """Take a lock. Raises OSError, or RunError if it is held for longer than `wait` seconds."""
    handle = open_for_writers(folder, name)
    try:
        has_lock = locked(handle, wait)
        before = holders.latest(folder, name)
        _require_free(folder, name, before, State.FREE if has_lock else State.UNSEEN)
        mine = _holder(folder, handle, os.getpid(), has_lock=has_lock)
        claim = _claim(folder, name, before, replace(mine, is_starting=True))
        return Lock(folder, name, handle, claim)
    except BlockingIOError:
        os.close(handle)
        raise _held(folder) from None
    except BaseException:
        os.close(handle)
        raise


def adopt(folder: Path, passed: str, *, name: str = WORKER) -> Lock:
    """Take over the lock that the launcher has passed on. Raises RunError if it was taken since.

    Where locks belong to processes, as on some NFS, the file is locked anew, as soon as the
    launcher has closed it.
    """
    handle, number = map(int, passed.split("-"))
    os.set_inheritable(handle, False)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        has_lock = True
    except OSError:
        has_lock = False
    before = holders.latest(folder, name)
    if before is None or before.number != number:
        raise _held(folder)
    gpu = before.holder.gpu if before.holder else ""
    mine = _holder(folder, handle, os.getpid(), gpu, has_lock=has_lock)
    return Lock(folder, name, handle, _claim(folder, name, before, mine))


def dismiss(folder: Path) -> None:
    """Free a lock whose holder cannot be seen from here: somebody knows that it is gone.

    Raises OSError, or RunError where it can be seen, or another one has just taken it.
    """
    before = holders.latest(folder, WORKER)
    if look(folder) is not State.UNSEEN or before is None:
        raise RunError("run {name}: its lock is not held elsewhere", name=folder.name)
    handle = open_for_writers(folder, WORKER)
    try:
        freed = _holder(folder, handle, os.getpid(), has_lock=False)
        _claim(folder, WORKER, before, replace(freed, has_left=True))
    finally:
        os.close(handle)


def wait_until_free(folder: Path, poll: float = 2.0) -> None:
    """Block until no process holds the run's lock; asleep, but where there are no locks."""
    try:
        handle = regular_files.descriptor(folder / f"{WORKER}.lock", os.O_RDONLY)
    except OSError:
        return  # never locked, or the folder has gone
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
    except OSError:
        pass
    finally:
        os.close(handle)
    while is_held(folder):
        time.sleep(poll)


def open_for_writers(folder: Path, name: str) -> int:
    """The lock's file, which only they can open who may write in its folder. Raises OSError."""
    path = folder / f"{name}.lock"
    handle = regular_files.descriptor(path, os.O_RDWR | os.O_CREAT, mode=0o600)
    status = os.fstat(handle)
    writers = os.stat(folder).st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    mode = 0o600 | writers | writers << 1
    if status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) != mode:
        os.fchmod(handle, mode)
    return handle


def locked(handle: int, wait: float) -> bool:
    """Lock an open file; False where the file system refuses.

    Raises BlockingIOError if another process holds it for longer than `wait` seconds.
    """
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)  # another program may be probing
        except OSError:
            return False


def _require_free(folder: Path, name: str, claim: Claim | None, seen: State) -> None:
    """Raises RunError."""
    found = judge(folder, name, claim, seen)
    if found is State.HELD:
        raise _held(folder)
    if found is State.UNSEEN:
        raise RunError(
            "{folder}: was locked on {host}, which cannot be seen from here; if nothing works on "
            "it there any more, delete {name}-*.json in it",
            folder=folder,
            host=claim.holder.host if claim and claim.holder else "?",
            name=name,
        )


def _claim(folder: Path, name: str, before: Claim | None, mine: Holder) -> Claim:
    number = before.number + 1 if before else 1
    if not holders.claim(folder, name, number, mine):
        raise _held(folder)
    return Claim(number, mine)


def _held(folder: Path) -> RunError:
    return RunError("run {name} has a worker already", name=folder.name)


def _holder(folder: Path, handle: int, pid: int, gpu: str = "", *, has_lock: bool) -> Holder:
    return Holder(
        pid=pid,
        host=socket.gethostname(),
        began=identity.clock_start(pid),
        gpu=gpu,
        process=identity.of(pid),
        inode=os.fstat(handle).st_ino,
        has_lock=has_lock,
        is_shared=has_lock and lock_reach.mount_of(folder).shares_locks,
    )
