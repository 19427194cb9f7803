"""A worker without a model: plays a scripted run, writing real events under the real lock.

`python tests/fake_worker.py RUN_FOLDER [--steps N] [--seconds S] [--end END]`, where END is
finished, failed, crash or hang.
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from engine.machine import lock
from engine.run.events import (
    Evaluated,
    Event,
    EventLog,
    Failed,
    Finished,
    Phase,
    Sample,
    Saved,
    Score,
    Started,
    Step,
    Stopped,
    Warned,
)
from engine.run.folder import Run

SOURCE = Path(__file__).resolve().parents[2]
_stop_requested = False


def launch(run: Run, *options: str) -> int:
    """What `engine.start.launch.start` does, for this worker; returns the process id."""
    held = lock.acquire(run.folder)
    command = [sys.executable, __file__, str(run.folder), "--lock", held.passed, *options]
    with run.log_path.open("ab") as log:
        process = subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=[held.handle],
        )
    held.sign(process.pid)
    held.close()
    return process.pid


def score(perplexity: float, samples: int = 500) -> Score:
    """A score with plausible counts."""
    return Score(perplexity, perplexity * 0.9, samples, samples * 40)


def evaluated(step: int, perplexity: float) -> Evaluated:
    """A scored test file."""
    directions = {
        "to_modern": score(perplexity * 0.8, 250),
        "to_classical": score(perplexity * 1.2, 250),
    }
    return Evaluated(part="test", score=score(perplexity), directions=directions, step=step)


def step(number: int, of: int, loss: float | None = None) -> Step:
    """One optimizer step of a run that goes well."""
    fallen = 1.2 + 2.3 * math.exp(-4 * number / of) + 0.15 * math.sin(number * 1.7)
    return Step(
        step=number,
        of=of,
        loss=fallen if loss is None else loss,
        lr=2e-4 * (1 - number / (of + 1)),
        grad_norm=1.0,
        tokens=number * 4000,
        tokens_per_second=5100.0,
        memory=12_300_000_000,
    )


def script(steps: int, first: int = 0) -> list[Event]:
    """The events of a training run, but for its end."""
    begun: list[Event] = [
        Started(
            steps=steps,
            resumed_from=first,
            device="fake",
            pid=os.getpid(),
            host=socket.gethostname(),
            pairs=steps * 8,
        ),
        Phase(name="loading weights"),
    ]
    every = max(1, steps // 10)
    if first == 0:
        begun += [Phase(name="scoring test", done=40, of=500), evaluated(0, 812.0)]
    for number in range(first + 1, steps + 1):
        begun.append(step(number, steps))
        if number % every == 0:
            begun.append(evaluated(number, 12 + 800 * math.exp(-8 * number / steps)))
            begun += [sample(number, index) for index in range(2)]
            begun.append(Saved(step=number, checkpoint=f"step-{number:06d}", best=True))
    return begun


def sample(number: int, index: int) -> Sample:
    """A test item translated along the way."""
    return Sample(
        step=number,
        id=f"item-{index}",
        instruction="翻譯成文言文：\n學習之後時常溫習，不也是很愉快嗎？",
        output=f"學而時習之，不亦說乎？（{number}）",
        reference="學而時習之，不亦說乎。",
    )


def play(run: Run, steps: int, seconds: float, end: str) -> None:
    """Write the script at its pace, then the end that was asked for."""
    log = EventLog(run.events_path)
    first = _last_step(run)
    events = script(steps, first)
    for event in events:
        if _stop_requested:
            log.append(Stopped(step=_last_step(run), checkpoint="step-000001"))
            return
        event.at = time.time()
        log.append(event)
        if isinstance(event, Step):
            if end in ("failed", "crash") and event.step >= steps // 2:
                break
            time.sleep(seconds / steps)
        elif isinstance(event, Phase):
            time.sleep(min(0.1, seconds / 10))
    if end == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    while end == "hang":
        time.sleep(0.1)
    if end == "failed":
        log.append(Warned(message="memory is short", hint="close other programs"))
        log.append(
            Failed(
                type="OutOfMemory",
                message="[/nope] out of memory",
                hint="lower training.tokens_per_pass",
            )
        )
    else:
        log.append(Finished(steps=steps, loss=1.2, score=score(12.5), checkpoint="step-000010"))


def _last_step(run: Run) -> int:
    return run.summary().step if run.events_path.exists() else 0


def _request_stop(*_: object) -> None:
    global _stop_requested
    _stop_requested = True


def main() -> None:
    """Run as a program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lock", default="")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--end", default="finished")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, _request_stop)
    passed = chosen.lock
    with lock.adopt(chosen.folder, passed) if passed else lock.acquire(chosen.folder) as held:
        held.sign(os.getpid())
        print("fake worker: begins", flush=True)
        play(Run(chosen.folder), chosen.steps, chosen.seconds, chosen.end)


if __name__ == "__main__":
    main()
