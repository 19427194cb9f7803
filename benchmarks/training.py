"""Tokens a second of QLoRA on the embedded model, packed and padded, in the worker as users run it.

python benchmarks/training.py [--repeats 3] [--steps 12] [--whole] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

from engine.run import events
from engine.run.folder import Run
from engine.run.summary import Status
from engine.run.tail import Tail
from engine.start import launch, request
from engine.start.request import Request

WAYS = {
    "padded, one pair a row": {"training.packing": "false"},
    "packed rows of 256": {"training.packing": "true"},
}
QUICK = {
    "evaluation.samples": "0",
    "evaluation.outputs": "false",
    "training.evaluate_every": "100000",
}


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--whole", action="store_true", help="also time the shipped run, whole")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        speeds: dict[str, list[float]] = {name: [] for name in WAYS}
        for _ in range(arguments.repeats):
            for name, way in WAYS.items():  # in turn, so that a slow minute hits all alike
                settings = {**QUICK, **way, "training.max_steps": str(arguments.steps)}
                speeds[name].append(_speed(_run(Path(folder), settings)))
        seconds = _seconds(_run(Path(folder), {})) if arguments.whole else None
    baseline = statistics.median(speeds[next(iter(WAYS))])
    print(f"{'way':<26} {'tok/s':>8} {'spread':>15} {'ratio':>6}")
    for name, values in speeds.items():
        median = statistics.median(values)
        spread = f"{min(values):,.0f}–{max(values):,.0f}"
        print(f"{name:<26} {median:>8,.0f} {spread:>15} {median / baseline:>6.2f}")
    if seconds is not None:
        print(f"shipped QLoRA run, loading, curve and outputs included: {seconds:.0f} s")
    if arguments.json:
        arguments.json.write_text(json.dumps({"tokens_per_second": speeds, "whole": seconds}))


def _run(root: Path, settings: dict[str, str]) -> Run:
    run = request.prepare(Request(root, "qlora", profile="tiny", overrides=settings))
    launch.start(run)
    while run.summary().status.active:
        time.sleep(0.2)
    if run.summary().status is not Status.FINISHED:
        raise SystemExit(f"{run.id}: {run.summary().message}")
    return run


def _speed(run: Run) -> float:
    """Tokens without padding over the seconds of all steps but the first two."""
    steps = [e for e in list(Tail(run.events_path).rest()) if isinstance(e, events.Step)][2:]
    counts = [after.tokens - before.tokens for before, after in zip(steps, steps[1:])]
    return sum(counts) / sum(
        count / step.tokens_per_second for count, step in zip(counts, steps[1:])
    )


def _seconds(run: Run) -> float:
    log = list(Tail(run.events_path).rest())
    return log[-1].at - log[0].at


if __name__ == "__main__":
    main()
