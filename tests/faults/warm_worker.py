"""`python warm_worker.py RUN_FOLDER`: loads what workers load, and forks a worker for each run.

It does the run that is named first, to warm up; then the libraries are imported and the base model
is in memory, which alone would take a worker seconds. All that one does from there is real.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import forks

from engine.worker import __main__ as worker
from engine.worker.process import quiet

quiet.import_bitsandbytes()

import torch  # noqa: E402

from engine.language.texts import speak  # noqa: E402
from engine.machine import lock  # noqa: E402
from engine.run.folder import Run  # noqa: E402
from engine.worker.scoring import session  # noqa: E402


def main() -> None:
    torch.set_num_threads(1)  # a process of several threads must not be forked
    answers = forks.answers()
    _warm_up(Run(Path(sys.argv[1])))
    forks.serve(_work, answers)


def _warm_up(run: Run) -> None:
    """Do a run in this very process, then keep a fresh base model for those to come."""
    speak("en")
    worker._work(run)
    found = session.Session(run, worker.Reporter(lambda event: None))
    base = session.load_base(run.settings.profile, found.device, found.reporter.warn)
    session.load_base = lambda *_: base
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # caught by the worker that this one was


def _work(folder: str, arm: Callable[[], None]) -> int:
    """Do a run as a worker that `launch.start` has started; faults begin before its first word."""
    held = lock.acquire(Path(folder))
    held.sign(os.getpid())
    sys.argv = ["engine.worker", folder, "--lock", held.passed]
    arm()
    return worker.main()


if __name__ == "__main__":
    main()
