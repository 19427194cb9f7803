"""Starts waiting runs when their turn has come: a process of its own, one for a runs folder.

`ensure` starts it when something waits and nobody is at it, so a killed one is replaced by the next
`yiwen` command; it ends when nothing waits. Runs it has started live without it.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from engine.language.errors import RunError, UserError
from engine.language.plain_text import one_line
from engine.machine import lock, regular_files
from engine.machine.hardware import Gpu, Probe
from engine.machine.processes import python
from engine.queue.placement import Place, find_place
from engine.run import gpu_choice, waiting_list
from engine.run.events import EventLog, Failed, worded
from engine.run.folder import Run
from engine.run.waiting_list import Entry, folder_of
from engine.start import disk_room, launch

POLL_SECONDS = 2.0


@dataclass(frozen=True)
class Waiting:
    """A run that waits, and what for."""

    entry: Entry
    run: Run
    place: Place


def ensure(root: Path) -> bool:
    """Start the scheduler if something waits and there is none; tells whether it was started."""
    try:
        if not waiting_list.read(root):
            return False
        held = lock.acquire(folder_of(root), wait=0.0)
    except (RunError, OSError):  # one is at work, or the folder is not ours
        return False
    try:
        with regular_files.appended(folder_of(root) / "scheduler.log") as log:
            process = python.spawn(
                "engine.queue.scheduler",
                str(root),
                held.passed,
                stdout=log,
                stderr=log,
                pass_fds=[held.handle],
            )
        held.sign(process.pid)
    except OSError:
        return False
    finally:
        held.close()
    return True


def look(root: Path, probe: Probe) -> list[Waiting]:
    """All that wait, in order, as if each were the next to start."""
    gpus, refused = _visible(probe)
    busy = gpu_choice.busy(root, gpus)
    found = []
    for entry in waiting_list.read(root):
        run = Run(root / entry.run)
        if not _is_sound(run):
            continue
        wish = run.settings.gpu
        place = find_place(entry.memory, wish, gpus, busy or (), any_active=busy is not None)
        if reason := refused or disk_room.lacking(run):
            place = Place(False, reason=reason)
        found.append(Waiting(entry, run, place))
    return found


def start_what_may(root: Path, probe: Probe) -> list[Run]:
    """Start the runs whose turn has come, at most one for each place; returns them."""
    _forget_what_began(root)
    started: list[Run] = []
    taken: set[str] = set()
    for waiting in look(root, probe):
        place = waiting.place
        if not place.free or place.gpu in taken:
            continue
        taken.add(place.gpu)
        if _start(waiting.run, place.gpu):
            started.append(waiting.run)
        waiting_list.remove(root, waiting.run.id)
    return started


def _start(run: Run, gpu: str) -> bool:
    """Start a run; one that cannot be started has failed, and the queue goes on."""
    try:
        launch.start(run, gpu=gpu)
    except UserError as error:
        print(one_line(f"{run.id}: {error}"), flush=True)
        if not run.alive() and run.folder.is_dir():
            with contextlib.suppress(OSError):  # the log says it anyway
                EventLog(run.events_path).append(
                    Failed(type="RunError", **worded(message=error.said))
                )
        return False
    print(one_line(f"{run.id}: started {gpu}"), flush=True)
    return True


def _forget_what_began(root: Path) -> None:
    """Take out what was started by hand, or deleted, or by a scheduler that was killed then."""
    for entry in waiting_list.read(root):
        run = Run(root / entry.run)
        if not _is_sound(run) or run.alive() or run.events_path.exists():
            waiting_list.remove(root, entry.run)


def _is_sound(run: Run) -> bool:
    try:
        return bool(run.settings)
    except RunError:
        return False


def _visible(probe: Probe) -> tuple[list[Gpu], str]:
    """The GPUs that may be taken, and why none may."""
    try:
        return gpu_choice.visible(probe.gpus()), ""
    except RunError as error:
        return [], str(error)


def serve(root: Path, probe: Probe, held: lock.Lock) -> None:
    """Look again and again until nothing waits; then let go of the scheduler's lock."""
    while True:
        start_what_may(root, probe)
        # Whoever adds a run now either is seen here, or finds the lock free.
        with waiting_list.locked(root):
            if not waiting_list.read(root):
                held.close()
                return
        time.sleep(POLL_SECONDS)


def main() -> int:
    """The scheduler's process, started by `ensure` with the folder and the lock."""
    root = Path(sys.argv[1])
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        serve(root, Probe(), lock.adopt(folder_of(root), sys.argv[2]))
    except RunError as error:
        print(error, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
