"""How soon the workbench and its screens stand, what they send, how they keep up with runs.

python benchmarks/workbench.py [--repeats 5] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

from engine.run.events import Evaluated, Event, EventLog, Finished, Score, Started, Step
from engine.run.folder import Run
from tui.app import YiwenApp
from tui.run.follow import follow
from tui.run.messages import RunEvents
from tui.screens.train.run_view import RunView

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

import fake_worker  # noqa: E402  # a worker without a model
from covering import live_bytes  # noqa: E402
from samples import ENDED, make_run  # noqa: E402
from streaming import streaming_bytes  # noqa: E402
from terminal import Terminal  # noqa: E402  # the tests' own terminal

EMPTY = """
from textual.app import App
from textual.widgets import Footer, Static
class Empty(App):
    BINDINGS = [("q", "quit", "Quit")]
    def compose(self):
        yield Static("hello")
        yield Footer()
Empty().run()
"""
STEPS = 100_000
KEYS = 60
MOVES = 30
SIZES = ((80, 24), (160, 48))
MODES = {"\x1bOQ": "state", "\x1bOR": "f5 model", "\x1bOS": "by created", "\x1bOP": "Strategy"}
"""Keys of the screens after the first, and a word of each."""
DIALOGS = {"help": "?", "palette": "\x10"}
LIVE_SECONDS = 15
IDLE_SECONDS = 30


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        empty = [sys.executable, "-c", EMPTY]
        yiwen = [sys.executable, "-m", "tui", "tui", "--runs", name]
        frames: dict[str, list[tuple[float, int]]] = {"empty Textual app": [], "workbench": []}
        for _ in range(arguments.repeats):
            frames["empty Textual app"].append(_first_frame(empty, "hello", folder))
            frames["workbench"].append(_first_frame(yiwen, "Strategy", folder))
        replays = [_replay(folder) for _ in range(arguments.repeats)]
        shown = [asyncio.run(_replay_on_screen(folder)) for _ in range(arguments.repeats)]
    live = _live()
    for columns, rows in SIZES:
        live |= _switches(columns, rows)
        with tempfile.TemporaryDirectory() as name:
            for dialog, sent in live_bytes(Path(name), columns, rows, seconds=10.0):
                live[f"bytes a second, live at {columns}×{rows} under {dialog}"] = sent
        for models in (1, 3):
            with tempfile.TemporaryDirectory() as name:
                mean, most = streaming_bytes(Path(name), models, columns, rows)
            said = f"bytes a second, {models} model(s) streaming at {columns}×{rows}"
            live |= {said: mean, f"{said}, most": most}
    baseline = statistics.median(seconds for seconds, _ in frames["empty Textual app"])
    print(f"{'first frame, 80×24':<20} {'median s':>9} {'spread':>12} {'ratio':>6} {'bytes':>8}")
    for name, values in frames.items():
        times = [seconds for seconds, _ in values]
        median, spread = statistics.median(times), f"{min(times):.2f}–{max(times):.2f}"
        size = statistics.median(count for _, count in values)
        print(f"{name:<20} {median:>9.2f} {spread:>12} {median / baseline:>6.2f} {size:>8,.0f}")
    print(
        f"replay of {STEPS:,} steps: {statistics.median(replays):.2f} s, in the follower's thread"
    )
    seconds, stalls = zip(*shown)
    print(
        f"the same on the Train screen: {statistics.median(seconds):.2f} s until it is drawn, "
        f"worst stall {statistics.median(stalls) * 1000:.0f} ms "
        f"({min(stalls) * 1000:.0f}–{max(stalls) * 1000:.0f})"
    )
    for name, value in live.items():
        print(f"{name}: {value:,.0f}")
    if arguments.json:
        found = {"first_frame": frames, "replay": replays, "replay_on_screen": shown, "live": live}
        arguments.json.write_text(json.dumps(found))


def _first_frame(command: list[str], word: str, folder: Path) -> tuple[float, int]:
    """Seconds until a word of the first frame stands, and bytes until nothing more comes."""
    began = time.monotonic()
    environment = {"PYTHONPATH": str(ROOT)}
    with Terminal(command, environment=environment, folder=folder) as terminal:
        terminal.wait_for(word)
        seconds = time.monotonic() - began
        terminal.settle()
        return seconds, len(terminal.output)


def _replay(folder: Path) -> float:
    run = Run(folder / "long")
    if not run.folder.exists():
        run.folder.mkdir()
        log = EventLog(run.events_path)
        log.append(Started(steps=STEPS))
        for number in range(1, STEPS + 1):
            log.append(_step(number))
    got: list[RunEvents] = []
    began = time.monotonic()
    follow(run, got.append, lambda: False)
    return time.monotonic() - began


async def _replay_on_screen(folder: Path) -> tuple[float, float]:
    """Seconds until an old run of many steps is drawn, and the longest time the screen slept."""
    log = EventLog(folder / "long" / "events.jsonl")
    log.append(Finished(steps=STEPS))
    made = make_run(folder / "runs", run_id=f"run-{time.monotonic_ns()}")
    shutil.copyfile(folder / "long" / "events.jsonl", made.events_path)
    app = YiwenApp(folder / "runs")
    naps: list[float] = []

    async def nap() -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.001)
            naps.append(time.monotonic() - began)

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(1.0)
        watcher = asyncio.create_task(nap())
        began = time.monotonic()
        app.navigation.watch(made)
        while app.screen.query_one(RunView).summary.step < STEPS:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        seconds = time.monotonic() - began
        watcher.cancel()
    return seconds, max(naps)


def _live() -> dict[str, float]:
    """The Train screen at 80×24 on a run of ten steps a second, with two reference lines."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for strategy, perplexity in (("zero-shot", 78.2), ("few-shot", 46.1)):
            score = Score(perplexity, perplexity, 84, 2000)
            events = [Started(), Evaluated(part="test", score=score), Finished(score=score)]
            make_run(root, *events, run_id=strategy, job="evaluate", strategy=strategy)
        run = make_run(root)
        process = fake_worker.launch(run, "--steps", "900", "--seconds", "90")
        command = [sys.executable, "-m", "tui", "tui", "--runs", name]
        try:
            environment = {"PYTHONPATH": str(ROOT)}
            with Terminal(command, environment=environment, folder=root) as terminal:
                return _measured(terminal, process)
        finally:
            if run.alive():
                os.killpg(process, signal.SIGKILL)


def _measured(terminal: Terminal, process: int) -> dict[str, float]:
    terminal.wait_for("few-shot 46.10")
    terminal.read(8.0)  # the limits of the scales settle
    sent = len(terminal.read(LIVE_SECONDS)) / LIVE_SECONDS
    waits = sorted(_key(terminal, "\x1b[D" if at % 20 < 10 else "\x1b[C") for at in range(KEYS))
    os.killpg(process, signal.SIGKILL)
    terminal.wait_for("interrupted")
    terminal.settle()
    moves = []
    for at in range(MOVES):
        terminal.send(f"\x1b[<35;{3 + 2 * at};{2 + at % 20}M")
        moves.append(len(terminal.read(0.15)))
    terminal.settle()
    return {
        "bytes a second, Train screen live at 80×24": sent,
        "ms from key to first byte while live, median": statistics.median(waits) * 1000,
        "ms from key to first byte while live, 95 %": waits[int(KEYS * 0.95)] * 1000,
        "bytes a mouse move, mean": statistics.mean(moves),
        "bytes a mouse move, most": max(moves),
        f"bytes in {IDLE_SECONDS} idle seconds": len(terminal.read(IDLE_SECONDS)),
    }


def _switches(columns: int, rows: int) -> dict[str, float]:
    """From a key to a word of its screen, first and later visits; what screens and dialogs send."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name, "runs")
        for number in range(60):
            make_run(root, *ENDED, run_id=f"20260101-12{number:02}00-tiny-qlora")
        command = [sys.executable, "-m", "tui", "tui", "--runs", str(root)]
        environment = {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": f"{name}/state"}
        with Terminal(
            command, columns=columns, rows=rows, environment=environment, folder=root
        ) as terminal:
            terminal.wait_for("tokens an epoch")
            visits = [[_visit(terminal, *mode) for mode in MODES.items()] for _ in range(6)]
            first = [seconds for seconds, _ in visits[0][:3]]
            later = [visit for visits_of_all in visits[1:] for visit in visits_of_all]
            found = {
                "ms until a screen is drawn, first visit": 1000 * max(first),
                "ms until a screen is drawn, later visits, median": 1000
                * statistics.median(seconds for seconds, _ in later),
                "ms until a screen is drawn, later visits, most": 1000
                * max(seconds for seconds, _ in later),
                "bytes of a later visit, most": max(count for _, count in later),
            }
            for dialog, key in DIALOGS.items():
                found[f"bytes until {dialog} is open"] = _visit(terminal, key, "")[1]
                terminal.send("\x1b")
    return {f"{columns}×{rows}: {name}": value for name, value in found.items()}


def _visit(terminal: Terminal, key: str, word: str) -> tuple[float, int]:
    """Seconds from a key to a word on the screen, and all bytes that come of it."""
    terminal.settle(0.6)
    before, began, drawn = len(terminal.output), time.monotonic(), 0.0
    terminal.send(key)
    while terminal.read_some(0.6):
        if not drawn and word in terminal.text:
            drawn = time.monotonic() - began
    if not drawn:
        raise SystemExit(f"waited in vain for {word!r}; screen:\n{terminal.text}")
    return drawn, len(terminal.output) - before


def _key(terminal: Terminal, key: str) -> float:
    """Seconds from a key to the first byte that it makes the workbench send."""
    terminal.read(0.1)
    began = time.monotonic()
    terminal.send(key)
    while not terminal.read_some(0.5):
        if time.monotonic() - began > 5:
            raise SystemExit("a key was not answered")
    return time.monotonic() - began


def _step(number: int) -> Event:
    return Step(
        step=number,
        of=STEPS,
        loss=2 + 100 / number,
        lr=1e-4,
        grad_norm=1.0,
        tokens=number * 2500,
        tokens_per_second=2500.0,
        memory=2_000_000_000,
    )


if __name__ == "__main__":
    main()
