"""Starts a run's worker as a process of its own, and asks it to stop.

The worker leads a new session and writes to files only, so it outlives the program that started
it: a closed window, a dropped line, a crash.
"""

from __future__ import annotations

import os
import shlex
import signal

from engine.language.errors import RunError, cannot_write
from engine.language.plain_text import one_line
from engine.machine import hardware, lock, regular_files
from engine.machine.holders import Holder
from engine.machine.processes import ours, python
from engine.run import gpu_choice
from engine.run.folder import Run
from engine.start import disk_room, notice


def start(run: Run, *, gpu: str = "") -> int:
    """Start (or, if the run was cut short, resume) the worker; returns its process id at once.

    `gpu` is the UUID of the GPU it gets; else it is the one that the run names, or the freest.
    Raises RunError if the run has a worker already, cannot be written, does not fit on its disk, or
    has lost its GPU.
    """
    if run.exists():
        disk_room.require_rest(run)
    run.is_busy()  # the worker before may be about to leave
    try:
        require_seen(run)
        held = lock.acquire(run.folder)
    except OSError as error:
        raise RunError(cannot_write(run.folder, error)) from None
    try:
        gpu = gpu or _own_gpu(run) or _any_gpu(run)
        held.reserve(gpu)
        with regular_files.appended(run.log_path) as log:
            process = python.spawn(
                "engine.worker",
                str(run.folder),
                "--lock",
                held.passed,
                stdout=log,
                stderr=log,
                pass_fds=[held.handle],
                gpu=gpu,
            )
        held.sign(process.pid, gpu)
        if run.settings.job != "probe":  # its end is shown where it was asked for
            notice.attend(run)
    except OSError as error:
        raise RunError(
            "run {run}: the worker did not start: {error}", run=run.id, error=error
        ) from None
    finally:
        held.close()
    return process.pid


def require_seen(run: Run) -> None:
    """Raises RunError if the run's worker is elsewhere, and nobody can see whether it lives."""
    if (elsewhere := lock.unseen(run.folder)) is not None:
        raise RunError(
            "run {run} was started on {host}, which cannot be seen from here; if its worker is "
            "gone, `yiwen resume {run} --take-over` goes on with it",
            run=shlex.quote(run.id),
            host=one_line(elsewhere.host),
        )


def _own_gpu(run: Run) -> str:
    """The GPU that a run names. CUDA would pass over one that is not there, and say nothing."""
    wish = run.settings.gpu
    if wish and hardware.find(hardware.Probe().gpus(), wish) is None:
        raise RunError(
            "run {run}: its GPU {wish} is not on this machine; `yiwen resume {run} --gpu 0` "
            "takes another",
            run=shlex.quote(run.id),
            wish=wish,
        )
    return wish


def _any_gpu(run: Run) -> str:
    """The freest GPU; empty where there is none, or CUDA is to find it."""
    gpu = gpu_choice.take(hardware.Probe().gpus(), run.folder.parent)
    return gpu.uuid if gpu else ""


def request_stop(run: Run, *, force: bool = False) -> None:
    """Ask the worker to finish its step, save and stop; `force` kills it on the spot.

    Raises RunError when there is no worker, or it runs on another host.
    """
    if not run.alive():
        raise RunError("run {run} is not running", run=run.id)
    holder = lock.holder(run.folder)
    require_seen(run)
    if holder is None or holder.is_starting:
        raise RunError(
            "run {run}: its worker has not said its process id yet; try again", run=run.id
        )
    if not holder.is_here:
        raise RunError("run {run} runs on {host}; stop it there", run=run.id, host=holder.host)
    try:
        _require_worker(run, holder)
        os.killpg(holder.pid, signal.SIGKILL if force else signal.SIGTERM)
    except ProcessLookupError:
        raise RunError("run {run} has just ended", run=run.id) from None
    except PermissionError:
        raise RunError("run {run} belongs to another user", run=run.id) from None


def _require_worker(run: Run, holder: Holder) -> None:
    """Raises RunError where a lock file names a process that does not hold it."""
    file = run.folder / "worker.lock"
    if not ours.holds(holder.pid, file, holder.began):
        raise RunError(
            "run {run}: its lock names process {pid}, which does not hold it, so nothing was "
            "ended; look with `fuser {file}` what does",
            run=run.id,
            pid=holder.pid,
            file=shlex.quote(str(file)),
        )
