"""How soon the workbench stands, what it sends, and how fast it replays a long run.

python benchmarks/workbench.py [--repeats 5] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from engine.events import Event, EventLog, Started, Step
from engine.runs import Run
from tui.follow import follow
from tui.messages import RunEvents

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

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
    if arguments.json:
        arguments.json.write_text(json.dumps({"first_frame": frames, "replay": replays}))


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
