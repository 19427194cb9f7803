"""How a lock stands, as far as it can be seen from here: free, held, or nobody here can tell."""

from __future__ import annotations

import fcntl
import os
import socket
from enum import Enum
from pathlib import Path

from engine.machine import holders, identity, lock_reach, reading, regular_files
from engine.machine.holders import Claim, Holder

WORKER = "worker"
"""The lock of a run's worker; others have other names."""
_LONGEST = 4096
"""Bytes of a lock file: older versions wrote the holder into it."""


class State(Enum):
    """How a lock stands, as far as it can be seen from here."""

    FREE = "free"
    HELD = "held"
    UNSEEN = "unseen"
    """By a process elsewhere that may be gone: only people can tell."""


def look(folder: Path, *, name: str = WORKER) -> State:
    """How a lock stands."""
    seen = _probe(folder / f"{name}.lock")
    try:
        if seen is State.HELD:
            return seen
        return judge(folder, name, holders.latest(folder, name), seen)
    except OSError:  # there is no such folder, or one may not look into it
        return State.FREE


def is_held(folder: Path) -> bool:
    """Does a living process hold the run's lock, or one of which nobody here can tell?"""
    return look(folder) is not State.FREE


def holder(folder: Path, *, name: str = WORKER) -> Holder | None:
    """Who held the lock last, as it was said."""
    try:
        claim = holders.latest(folder, name)
    except OSError:
        return None
    return claim.holder if claim else _written_by_older_versions(folder / f"{name}.lock")


def unseen(folder: Path) -> Holder | None:
    """Who holds the lock elsewhere, where nobody can see from here whether it lives."""
    return holder(folder) if look(folder) is State.UNSEEN else None


def _probe(path: Path) -> State:
    """What the file system says: held or free; unseen if it has no locks, or one may not ask."""
    try:
        handle = regular_files.descriptor(path, os.O_RDONLY)
    except FileNotFoundError:
        return State.FREE
    except OSError:
        return State.UNSEEN
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return State.HELD
    except OSError:
        return State.UNSEEN
    finally:
        os.close(handle)
    return State.FREE


def judge(folder: Path, name: str, claim: Claim | None, seen: State) -> State:
    """How a lock stands of which the file system says no more than this."""
    if claim is None:
        return _judge_older(folder / f"{name}.lock", seen)
    if claim.holder is None:
        return State.UNSEEN
    one = claim.holder
    if one.has_left:
        return State.FREE
    lives = identity.lives(one.process) if one.process else None
    if lives is not None:
        return State.HELD if lives else State.FREE
    return State.FREE if _is_surely_gone(folder, name, one, seen) else State.UNSEEN


def _is_surely_gone(folder: Path, name: str, one: Holder, seen: State) -> bool:
    """Can a holder be told to be gone that is none of the processes of here?"""
    was_seen = one.has_lock and seen is State.FREE
    if one.is_here:  # in another container
        return was_seen
    if identity.is_name_of_one(one.host) and one.host == socket.gethostname():
        return True  # this machine was started anew
    mount = lock_reach.mount_of(folder)
    if was_seen and one.is_shared and mount.shares_locks:
        return True
    return mount.numbers_files and _inode(folder / f"{name}.lock") != one.inode


def _judge_older(path: Path, seen: State) -> State:
    """How a lock stands that an older version took."""
    if seen is State.FREE:
        return State.FREE
    one = _written_by_older_versions(path)
    if one is None:
        return State.FREE
    if one.host != socket.gethostname():
        return State.UNSEEN
    return State.HELD if identity.lives_as_of(one.pid, one.began) else State.FREE


def _inode(path: Path) -> int:
    try:
        return os.stat(path, follow_symlinks=False).st_ino
    except OSError:
        return 0


def _written_by_older_versions(path: Path) -> Holder | None:
    try:
        return reading.json_of(regular_files.content(path, most=_LONGEST), Holder)
    except (OSError, ValueError):
        return None
