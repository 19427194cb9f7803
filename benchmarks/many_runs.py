"""Whether 10,000 runs stall the Runs screen: listed, found, sorted, grouped, walked through.

python benchmarks/many_runs.py [--runs 10000] [--json FILE]

A stall is how long the screen could not have answered a key: a task that should run every 5 ms is
watched. Nothing is drawn on a terminal there, but all that would be is made. Memory is that of the
workbench in a terminal, by Linux's own account.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from multiprocessing import Process
from pathlib import Path

import msgspec
from textual.pilot import Pilot

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from samples import judged, make_run, score, step, tiny  # noqa: E402  # the tests' own run folders
from terminal import Terminal  # noqa: E402  # and their terminal

from engine.prompts.strategies import STRATEGIES  # noqa: E402
from engine.run.events import Evaluated, Finished, Started  # noqa: E402
from tui.app import YiwenApp  # noqa: E402
from tui.screens.runs.run_browser import RunBrowser  # noqa: E402
from tui.screens.runs.run_table import RunTable  # noqa: E402

TICK = 0.005
LONGEST = 60.0


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_STATE_HOME"] = f"{name}/state"  # not how the user likes to see the table
        root = Path(name, "runs")
        maker = Process(target=make_many, args=(root, arguments.runs))  # which closes all its files
        maker.start()
        maker.join()
        memory = in_a_terminal(root, arguments.runs)
        found = asyncio.run(measure(root, arguments.runs))
    print(f"{arguments.runs:,} runs, 120×40: {'seconds':>14} {'worst stall, ms':>16}")
    for what, (seconds, stall) in found.items():
        print(f"  {what:<32} {seconds:>7.2f} {stall * 1000:>16.0f}")
    for what, size in memory.items():
        print(f"  peak memory in a terminal, {what:<26} {size / 1e6:>6.1f} MB")
    if arguments.json:
        arguments.json.write_text(json.dumps({**found, "memory": memory}))


def make_many(root: Path, count: int) -> None:
    """Run folders of three models and three strategies."""
    draw = random.Random(1)
    names = ("tiny", "gemma-2-2b", "qwen3-4b")
    profiles = [msgspec.structs.replace(tiny(), name=name) for name in names]
    for number in range(count):
        strategy, profile = [*STRATEGIES][number % 3], profiles[number % 7 % 3]
        began, result = 1.7e9 + number * 60, score(draw.uniform(5, 900))
        trains = strategy == "qlora"
        make_run(
            root,
            Started(at=began, steps=100 if trains else 0),
            *([step(100, 100, at=began + 30)] if trains else []),
            Evaluated(
                at=began + 50,
                part="test",
                score=result,
                directions={"to_modern": result, "to_classical": result},
                file="evaluations/test.jsonl",
                definition={"metric": "macro", "base": "nf4", "prompt": f"{number % 5:012x}"},
            ),
            judged(draw.uniform(5, 40), at=began + 55, file="evaluations/test.jsonl"),
            Finished(
                at=began + draw.uniform(60, 9000), score=result, file="evaluations/test.jsonl"
            ),
            run_id=f"20260101-{number:06}-{profile.name}-{strategy}",
            job="train" if trains else "evaluate",
            strategy=strategy,
            profile=profile,
        )


def in_a_terminal(root: Path, count: int) -> dict[str, int]:
    """The most that the workbench has held, of all its memory that was in use at one time."""
    command = [sys.executable, "-m", "tui", "tui", "--runs", str(root)]
    environment = {"PYTHONPATH": str(ROOT)}
    with Terminal(command, columns=120, rows=40, environment=environment, folder=root) as terminal:
        terminal.wait_for("tokens an epoch")
        terminal.settle(3.0)
        peaks = {"Train shown": _peak(terminal.process)}
        terminal.send("\x1bOS")
        terminal.wait_for(f" {count:,}")
        terminal.settle(3.0)
        peaks["all runs listed"] = _peak(terminal.process)
        for keys in ("\x1b[F", "/", "strategy:qlora ppl<20"):
            terminal.send(keys)
            terminal.settle()
        peaks["some of them found"] = _peak(terminal.process)
    return peaks


def _peak(process: int) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


class Watch:
    """The longest time in which the event loop did nothing else."""

    def __init__(self) -> None:
        self.worst = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            before = time.perf_counter()
            await asyncio.sleep(TICK)
            self.worst = max(self.worst, time.perf_counter() - before - TICK)


async def measure(root: Path, count: int) -> dict[str, tuple[float, float]]:
    """Seconds and worst stall of each thing that one does."""
    app = YiwenApp(root)
    found: dict[str, tuple[float, float]] = {}
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(1.0)
        watch = Watch()
        task = asyncio.create_task(watch.run())

        async def timed(
            what: str, act: Callable[[], Awaitable[object]], done: Callable[[], bool]
        ) -> None:
            watch.worst, began = 0.0, time.perf_counter()
            await act()
            while not done() and time.perf_counter() - began < LONGEST:  # noqa: ASYNC110
                await asyncio.sleep(TICK)  # nobody tells when it is done
            found[what] = time.perf_counter() - began, watch.worst
            await asyncio.sleep(0.3)

        await app.switch_mode("runs")
        table, browser = app.screen.query_one(RunTable), app.screen.query_one(RunBrowser)
        await timed("newest 1,000 shown", nothing, lambda: table.row_count >= min(count, 1000))
        await timed("all listed", nothing, lambda: table.row_count == count)
        for what, keys, done in (
            ("sorted by perplexity", ("s", *"perplexity best", "enter"),
             lambda: browser.view.order.key == "perplexity"),
            ("turned round", ("S",), lambda: table.arrangement.view.order.reverse),
            ("to the last row", ("end",), lambda: table.cursor_row == count - 1),
            ("grouped", ("g",), lambda: bool(table.arrangement.groups)),
            ("found by strategy:qlora ppl<20", ("/", *"strategy:qlora ppl<20"),
             lambda: 0 < table.row_count < count // 10),
            ("all shown again", ("escape", "escape"), lambda: table.row_count == count),
        ):  # fmt: skip
            await timed(what, lambda keys=keys: press(pilot, keys), done)
        await timed("two listings more", lambda: asyncio.sleep(4.5), lambda: True)
        task.cancel()
    return found


async def nothing() -> None:
    """It happens by itself."""


async def press(pilot: Pilot[None], keys: tuple[str, ...]) -> None:
    """Keys as fast as they come."""
    names = {"/": "slash", ">": "greater_than_sign", "<": "less_than_sign", " ": "space",
             ":": "colon"}  # fmt: skip
    await pilot.press(*(names.get(key, key) for key in keys))


if __name__ == "__main__":
    main()
