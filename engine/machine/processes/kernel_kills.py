"""Processes that the kernel has ended because memory ran out, as the kernel counts them.

The count is of this process's own cgroup (its container, its job, its session), version 2 or 1;
where that cannot be read, of the whole machine.
"""

from __future__ import annotations

import signal
from pathlib import Path

from engine.language.said import Said

_CGROUPS = Path("/sys/fs/cgroup")
_LONGEST = 1 << 16
"""Bytes of such a file that are read."""


def count(processes: Path = Path("/proc")) -> int | None:
    """Until now; None where it is not told. Only a difference of two counts says anything."""
    for file in [*_counters(processes / "self/cgroup"), processes / "vmstat"]:
        if (found := _number(file)) is not None:
            return found
    return None


def _counters(membership: Path) -> list[Path]:
    """Where the count may stand; within a container the own cgroup is the root of what is seen."""
    found: list[Path] = []
    for line in _read(membership).splitlines():
        _number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers == "":
            roots, name = [_CGROUPS, _CGROUPS / "unified"], "memory.events"
        elif "memory" in controllers.split(","):
            roots, name = [_CGROUPS / controllers, _CGROUPS / "memory"], "memory.oom_control"
        else:
            continue
        found += [folder / name for root in roots for folder in (root / path.lstrip("/"), root)]
    return found


def _number(file: Path) -> int | None:
    for line in _read(file).splitlines():
        key, _, value = line.partition(" ")
        if key == "oom_kill" and value.isdecimal():
            return int(value)
    return None


def _read(file: Path) -> str:
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            return opened.read(_LONGEST)
    except OSError:
        return ""


def why(before: int | None) -> tuple[Said, Said]:
    """What is to be said of a process that was killed, and what may help.

    `before` is the count as it began.
    """
    now = count()
    if before is not None and now is not None and now > before:
        return (
            Said("the system's memory ran out, and the kernel ended the worker"),
            Said(
                "end what else holds memory, ask for more of it, or lower training.tokens_per_pass "
                "and evaluation.tokens_per_pass; a run goes on from its last checkpoint when it is "
                "resumed"
            ),
        )
    return (
        Said("the worker was killed from outside"),
        Said(
            "if nobody did it, the system's memory may have run out: look with `dmesg`; a run goes "
            "on from its last checkpoint when it is resumed"
        ),
    )


def last_words(status: int | None, before: int | None, otherwise: Said) -> Said:
    """Why a process of ours ended with this status, where the kernel tells more than it did."""
    if status != -signal.SIGKILL:
        return otherwise
    message, hint = why(before)
    return Said("{message}; {remedy}", message=message, remedy=hint)
