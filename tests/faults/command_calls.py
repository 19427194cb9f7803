"""Faults in the system calls of commands and screens: one message, and nothing lost."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import shim
from aftermath import contents
from command_world import DEEDS, World
from forks import NO_FAULT, Forks
from kinds import Case
from shim import EVER, Fault

WRITES = "write,pwrite"
TAKES_ROOM = "write,pwrite,fallocate,create,mkdir,rename,link,fsync,ftruncate"
CHANGING = ("worker.lock", "list.lock", "waiting.json")
"""Files that tell of processes and times; what counts in them is asked of the engine."""


class Faults:
    """A world for every fault, in which a deed is done."""

    def __init__(self, folder: Path, *, is_long: bool) -> None:
        self._folder = folder
        self._names = count()
        self._fresh = World(folder / "fresh")
        self._fresh.build()
        self._forks = Forks(shim.build(folder), folder / "forks.log", "warm_commands.py")
        self._before = contents(self._fresh.folder)
        self._after: dict[str, dict[str, bytes]] = {}
        self._traces: dict[str, list[str]] = {}

    def _copy(self) -> World:
        """Of the same path's length, for messages and files name it."""
        folder = self._folder / f"{next(self._names):06}"
        return World(Path(shutil.copytree(self._fresh.folder, folder, symlinks=True)))

    def _do(self, name: str, world: World, fault: Fault = NO_FAULT, trace: bool = False) -> int:
        log, traced = self._log(world), world.folder.with_suffix(".trace")
        log.unlink(missing_ok=True)
        task = [name, str(world.folder)]
        return self._forks.do(task, world.folder, log, fault, traced if trace else None)

    def _log(self, world: World) -> Path:
        return world.folder.with_suffix(".log")

    def _undisturbed(self, name: str) -> None:
        """Do a deed once without a fault, to know its calls and what it leaves."""
        world = self._copy()
        status = self._do(name, world, trace=True)
        assert status == 0, (name, self._log(world).read_text())
        assert self._is_done(name, world), name
        self._after[name] = contents(world.folder)
        self._traces[name] = world.folder.with_suffix(".trace").read_text().splitlines()

    def _is_done(self, name: str, world: World) -> bool:
        os.environ.update(world.environment)
        return DEEDS[name].is_done(world)

    def cases(self) -> list[Case]:
        return [case for name in DEEDS for case in self._cases(name)]

    def _cases(self, name: str) -> Iterator[Case]:
        self._undisturbed(name)
        for number in self._numbers(name):
            yield Case(name, Fault(number, error=errno.EIO), name)
            yield Case(name, Fault(number, how="kill"), name)
        for number in self._numbers(name, TAKES_ROOM):
            yield Case(name, Fault(number, TAKES_ROOM, error=errno.ENOSPC), name)
            full = Fault(number, TAKES_ROOM, times=EVER, error=errno.ENOSPC, how="full")
            yield Case(name, full, name)
        for number in self._numbers(name, WRITES):
            yield Case(name, Fault(number, WRITES, how="short"), name)
            yield Case(name, Fault(number, WRITES, how="torn"), name)
        for number in self._numbers(name, "open,create"):
            yield Case(name, Fault(number, "open,create", error=errno.EMFILE), name)

    def _numbers(self, name: str, calls: str = "any") -> range:
        names = [line.split()[0] for line in self._traces[name]]
        wanted = calls.split(",")
        return range(1, 1 + sum(calls == "any" or one in wanted for one in names))

    def inject(self, case: Case) -> str:
        name = case.scenario
        if name not in self._after:
            self._undisturbed(name)
        world = self._copy()
        status = self._do(name, world, case.fault)
        lost = [*self._said(world, case.fault, status), *self._gone(name, world)]
        if not (status == 0 and self._is_done(name, world)):
            again = self._do(name, world)
            if not self._is_done(name, world):
                lost.append(f"done again ({again}), it is not done: {self._log(world).read_text()}")
        lost += self._gone(name, world)
        if not lost:
            shutil.rmtree(world.folder, ignore_errors=True)  # a worker may still write into it
        return "; ".join([*dict.fromkeys(lost), f"see {world.folder}"]) if lost else ""

    def _said(self, world: World, fault: Fault, status: int) -> Iterator[str]:
        """One message, with its reason."""
        said = self._log(world).read_text()
        if status == -9 and fault.how in ("kill", "torn"):
            return
        if status not in (0, 1, 2):
            yield f"it ended with {status}: {said}"
        if "Traceback" in said:
            yield f"it says {said}"
        told = [line for line in said.splitlines() if line.startswith("yiwen: ")]
        if status == 2 and len(told) != 1:
            yield f"not one message: {said}"
        reason = os.strerror(fault.error)
        asked = fault.how in ("fail", "full") and "no room" not in said
        if status == 2 and asked and reason not in said:
            yield f"'{reason}' is not said: {said}"

    def _gone(self, name: str, world: World) -> Iterator[str]:
        """What was there, and is neither as it was nor as the deed leaves it."""
        now, after = contents(world.folder), self._after[name]
        for path, before in self._before.items():
            if path not in now:
                if path in after and not self._is_elsewhere(path, now):
                    yield f"{path} is gone"
            elif now[path] not in (before, after.get(path)) and not _may_change(path, before, now):
                yield f"{path} is another"

    def _is_elsewhere(self, path: str, now: dict[str, bytes]) -> bool:
        """In the trash, where a workbench that was killed had put it."""
        inner = path.removeprefix("runs/")
        return any(".deleted/" in other and other.endswith(inner) for other in now)


def _may_change(path: str, before: bytes, now: dict[str, bytes]) -> bool:
    """Does it tell of processes and times, or was only something added?"""
    added = path.endswith((".jsonl", ".log")) and now[path].startswith(before)
    return added or Path(path).name in CHANGING
