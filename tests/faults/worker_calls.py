"""Faults in a worker's system calls: the n-th fails, or its worker dies at it, for every n."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import aftermath
import one_layer
import shim
import small_runs
from aftermath import Whole
from forks import NO_FAULT, Forks
from kinds import Case
from shim import EVER, Fault
from small_runs import SmallRun

from engine.machine import lock
from engine.run.folder import Run
from engine.run.summary import Status

SHORT = {
    "training.max_steps": 2,
    "training.batch_size": 1,
    "training.evaluate_every": 2,
    "training.checkpoint_every": 1,
    "training.on_disk_full": "stop",
    "lora.target_modules": '["q_proj"]',
    "evaluation.samples": 0,
    "evaluation.outputs": False,
}
PARTS = {"train": 4, "validation": 1, "test": 1}
FRESH, RESUMED, WAITING = "", "resumed", "waiting"
TAKES_ROOM = "write,pwrite,fallocate,create,mkdir,rename,link,fsync,ftruncate"
WRITES = "write,pwrite"
OPENS = "open,create"


class Faults:
    """A short QLoRA run of the embedded model, done again for every fault."""

    def __init__(self, folder: Path, *, is_long: bool) -> None:
        """The short form knows but one layer of the model."""
        self._folder = folder
        self._names = count()
        small_runs.PARTS = PARTS
        model = {} if is_long else {"model.path": one_layer.write(folder / "model")}
        first = SmallRun.prepare(folder, {**SHORT, **model}).run
        self._fresh = Path(shutil.copytree(first.folder, folder / "fresh" / first.id))
        waits = {**SHORT, **model, "training.on_disk_full": "wait"}
        patient = SmallRun.prepare(folder, waits).run.folder
        self._forks = Forks(
            shim.build(folder), folder / "forks.log", "warm_worker.py", str(first.folder)
        )
        self._traces: dict[str, list[str]] = {}
        whole = self._copy(self._fresh)
        self._traces[FRESH] = self._traced(whole)
        self._whole = Whole(whole)
        self._starts = {FRESH: self._fresh, RESUMED: self._cut_short(), WAITING: patient}
        self._traces[WAITING] = self._traces[FRESH]

    def _traced(self, run: Run) -> list[str]:
        trace = self._folder / "trace"
        assert self._work(run, trace=trace) == 0, run.log_path.read_text()
        return trace.read_text().splitlines()

    def _cut_short(self) -> Path:
        """A run that was killed after its first checkpoint."""
        run = self._copy(self._fresh)
        saved = self._traces[FRESH].index("rename checkpoints/step-000001")
        self._work(run, Fault(saved + 10, how="kill"))
        assert run.checkpoints() == ["step-000001"]
        self._traces[RESUMED] = self._traced(self._copy(run.folder))
        return run.folder

    def _work(self, run: Run, fault: Fault = NO_FAULT, trace: Path | None = None) -> int:
        """Let a worker do a run; its exit status, once its witness has said what it has to say."""
        status = self._forks.do(str(run.folder), run.folder, run.log_path, fault, trace)
        lock.wait_until_free(run.folder, poll=0.01)
        return status

    def _copy(self, start: Path) -> Run:
        """A run folder of its own, like another."""
        folder = self._folder / str(next(self._names)) / start.name
        return Run(Path(shutil.copytree(start, folder)))

    def cases(self) -> list[Case]:
        return list(self._cases())

    def _cases(self) -> Iterator[Case]:
        for scenario in self._traces:
            for group, fault in self._faults(scenario):
                yield Case(f"{group}{', ' if scenario else ''}{scenario}", fault, scenario)

    def _faults(self, scenario: str) -> Iterator[tuple[str, Fault]]:
        """What goes wrong, by the row of the table that it belongs to."""
        if scenario == WAITING:
            for number in self._numbers(scenario, TAKES_ROOM)[self._before_events() :]:
                fault = Fault(number, TAKES_ROOM, times=4, error=errno.ENOSPC, how="full")
                yield "full for a while", fault
            return
        for error in (errno.ENOSPC, errno.EDQUOT):
            for number in self._numbers(scenario, TAKES_ROOM):
                yield f"{errno.errorcode[error]} once", Fault(number, TAKES_ROOM, error=error)
        for number in self._numbers(scenario, OPENS):
            yield "EMFILE once", Fault(number, OPENS, error=errno.EMFILE)
        for number in self._numbers(scenario, WRITES):
            yield "half a write", Fault(number, WRITES, how="short")
            yield "killed in a write", Fault(number, WRITES, how="torn")
        for number in self._numbers(scenario):
            yield "EIO once", Fault(number, error=errno.EIO)
            yield "killed", Fault(number, how="kill")
            yield "EIO from then on", Fault(number, times=EVER, error=errno.EIO)
        for number in self._numbers(scenario, TAKES_ROOM):
            fault = Fault(number, TAKES_ROOM, times=EVER, error=errno.ENOSPC, how="full")
            yield "full from then on", fault

    def _before_events(self) -> int:
        """Calls that take room before a worker can say that it waits."""
        names = [line.split() for line in self._traces[FRESH]]
        first = next(at for at, (_call, path) in enumerate(names) if path == "events.jsonl")
        return 1 + sum(call in TAKES_ROOM.split(",") for call, _path in names[:first])

    def _numbers(self, scenario: str, calls: str = "any") -> range:
        """1, 2, 3 … until nothing fails any more."""
        names = [line.split()[0] for line in self._traces[scenario]]
        wanted = calls.split(",")
        return range(1, 1 + sum(calls == "any" or name in wanted for name in names))

    def inject(self, case: Case) -> str:
        run = self._copy(self._starts[case.scenario])
        status = self._work(run, case.fault)
        lost = list(self._after_fault(run, case.fault, status))
        if run.summary().status is not Status.FINISHED:
            if case.scenario == WAITING:
                lost.append("it did not wait")
            self._work(run)
        lost += aftermath.after_resume(run, self._whole)
        if not lost:
            shutil.rmtree(run.root)
        return "; ".join([*lost, f"see {run.folder}"]) if lost else ""

    def _after_fault(self, run: Run, fault: Fault, status: int) -> Iterator[str]:
        if status not in (0, 1, -9):
            yield f"its worker ended with {status}"
        # Of a disk on which nothing can be written any more, nothing can be said.
        can_speak = fault.how == "fail" and fault.times == 1
        reason = os.strerror(fault.error) if can_speak else ""
        yield from aftermath.after_fault(run, self._whole, reason)
