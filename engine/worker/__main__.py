"""Entry of the worker process: `engine.worker RUN_FOLDER`, `… translate` or `… merge`."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
import traceback
from pathlib import Path
from typing import NoReturn

from engine.worker.process import quiet

quiet.prepare()

from engine.language.errors import RunError  # noqa: E402
from engine.language.texts import speak  # noqa: E402
from engine.machine import lock  # noqa: E402  # torch, which these import, reads what `prepare` has set
from engine.run.events import FIRST_PHASE, EventLog, Phase  # noqa: E402
from engine.run.folder import Run  # noqa: E402
from engine.worker.process import leftovers  # noqa: E402
from engine.worker.process.disk_room import DiskRoom  # noqa: E402
from engine.worker.process.log_book import LogBook  # noqa: E402
from engine.worker.process.reporter import Reporter, StopRequested  # noqa: E402
from engine.worker.process.witness import Witness  # noqa: E402

_ATTEMPTS, _PAUSE = 3, 0.1
"""To open the log of events, and the seconds between them."""


def main() -> int:
    """Do one run's job, or serve translations. The exit status is 0 unless the run failed."""
    parser = argparse.ArgumentParser(prog="engine.worker", description=__doc__)
    parser.add_argument("what", help="a run folder, `translate` or `merge`")
    parser.add_argument("--lock", default="", help="the run's lock, if it is passed on")
    arguments = parser.parse_args()
    speak("en")  # into worker.log; events hold what a reader's language needs
    if arguments.what == "translate":
        return _serve()
    if arguments.what == "merge":
        return _merge()
    run = Run(Path(arguments.what).resolve())
    try:
        held = _take(run, arguments.lock)
    except RunError as error:  # another worker was quicker
        print(error, flush=True)
        return 1
    except OSError as error:
        return _fail(run, error)
    with held, Witness(run.events_path):
        return _work(run)


def _take(run: Run, passed: str) -> lock.Lock:
    if passed:
        return lock.adopt(run.folder, passed)
    held = lock.acquire(run.folder)
    held.sign(os.getpid())
    return held


def _fail(run: Run, error: OSError) -> int:
    """Say why a worker that holds the lock could not begin, if anything can be written."""
    from engine.worker.process import failures

    with contextlib.suppress(OSError):
        traceback.print_exception(error)
    with contextlib.suppress(OSError):
        Reporter(_event_log(run).append, LogBook(run)).emit_last(failures.explain(error))
    return 1


def _work(run: Run) -> int:
    room = DiskRoom(run.folder)
    try:
        log = _event_log(run)
    except OSError as error:
        return _fail(run, error)
    reporter = Reporter(log.append, LogBook(run), room)
    reporter.catch_signals()
    try:
        reporter.emit(Phase(name=FIRST_PHASE))
        leftovers.clear(run.folder)
        room.begin(run.settings.profile.training.on_disk_full)
        _do_job(run, reporter)
    except Exception as error:
        with contextlib.suppress(OSError):
            traceback.print_exc()  # into worker.log
        from engine.worker.process import failures

        reporter.emit_last(failures.explain(error, reporter.doing))
        return 1
    finally:
        room.release()
    return 0


def _event_log(run: Run) -> EventLog:
    """Open it; a hiccup of the disk must not leave a run without a word of why it ended."""
    for _attempt in range(_ATTEMPTS):
        with contextlib.suppress(OSError):
            return EventLog(run.events_path)
        time.sleep(_PAUSE)
    return EventLog(run.events_path)


def _do_job(run: Run, reporter: Reporter) -> None:
    """Imports torch and friends here, seconds after the run has said that it is starting."""
    quiet.import_bitsandbytes()
    from engine.run.events import Stopped
    from engine.worker.jobs import probe, score_file
    from engine.worker.scoring.session import Session
    from engine.worker.training.loop import Trainer

    quiet.silence_progress_bars()
    session = Session(run, reporter)
    try:
        if run.settings.job == "train":
            Trainer(session).train()
        elif run.settings.job == "probe":
            probe.run(session)
        else:
            score_file.run(session)
    except StopRequested:  # before there was anything to save
        reporter.emit(Stopped())


def _serve() -> int:
    quiet.import_bitsandbytes()
    from engine.worker.jobs.serve import Server

    quiet.silence_progress_bars()
    Server().serve()
    return 0


def _merge() -> int:
    quiet.import_bitsandbytes()
    from engine.worker.jobs import merge

    quiet.silence_progress_bars()
    return merge.serve()


def leave(status: int) -> NoReturn:
    """End at once: to take torch and CUDA apart needs seconds, in which the run is still locked."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    leave(main())
