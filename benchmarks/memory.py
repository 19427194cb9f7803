"""How much memory a watched run and a long events file take: the workbench, `runs` and `show`.

python benchmarks/memory.py [--minutes 10] [--rate 2000] [--megabytes 160]
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from engine.run.events import Evaluated, Event, Sample, Started, encode

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from samples import held_by_a_process, make_run, score, step  # noqa: E402
from terminal import Terminal  # noqa: E402

WARM_UP = 20.0
"""Seconds in which screens are imported, before what is measured begins."""
EVERY = 10.0
_PEAK = """
import re, sys
from pathlib import Path
from engine.cli import main
main(sys.argv[1:])
status = Path("/proc/self/status").read_text()  # ru_maxrss begins with that of who started it
print(re.search(r"VmHWM:\\s+(\\d+)", status)[1], file=sys.stderr)
"""


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=int, default=2000)
    parser.add_argument("--megabytes", type=int, default=160)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        of_commands(Path(name), arguments.megabytes)
    with tempfile.TemporaryDirectory() as name:
        of_the_workbench(Path(name), arguments.minutes * 60, arguments.rate)


def of_commands(root: Path, megabytes: int) -> None:
    """The most that `runs` and `show` hold, with a long run and without one; first and again."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    short, long = make_run(root / "short", step(1)), make_run(root / "long")
    with long.events_path.open("wb") as file:
        while file.tell() < megabytes << 20:
            file.write(b"".join(encode(event) for event in itertools.islice(_events(), 50_000)))
    print(f"{megabytes} MB of events: most MB resident, and seconds")
    for run in (short, long, long):
        for command in (["runs"], ["show", run.id]):
            words = [sys.executable, "-c", _PEAK, *command, "--runs", str(run.root)]
            began = time.monotonic()
            done = subprocess.run(
                words, capture_output=True, text=True, env=environment, cwd=root, check=True
            )
            most = int(done.stderr.split()[-1]) / 1024
            seconds = time.monotonic() - began
            print(f"  {run.root.name:<6} {command[0]:<5} {most:7.1f} MB {seconds:6.2f} s")


def of_the_workbench(root: Path, seconds: float, rate: int) -> None:
    """The workbench on its Train screen, while a run of so many events a second is watched."""
    run = make_run(root / "runs", Started(steps=2_000_000))
    command = [sys.executable, "-m", "tui", "tui", "--runs", str(run.root)]
    environment = {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(root / "state")}
    ended = threading.Event()
    print(f"the workbench at {rate:,} events a second: MB resident")
    with held_by_a_process(run), Terminal(command, environment=environment) as terminal:
        writer = threading.Thread(target=_write, args=(run.events_path, rate, ended))
        writer.start()
        try:
            terminal.wait_for("running", 60)
            terminal.read(WARM_UP)
            first, began = resident(terminal.process), time.monotonic()
            print(f"  {0:5.0f} s {first:7.1f}")
            while time.monotonic() - began < seconds:
                terminal.read(EVERY)
                now = resident(terminal.process)
                print(
                    f"  {time.monotonic() - began:5.0f} s {now:7.1f} {now - first:+6.1f}",
                    flush=True,
                )
        finally:
            ended.set()
            writer.join()
    print(f"  {run.events_path.stat().st_size / 2**20:.0f} MB of events were written")


def resident(process: int) -> float:
    """MB of a process in main memory."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _write(path: Path, rate: int, ended: threading.Event) -> None:
    """So many events a second, in tenths, as several writes."""
    found = _events()
    began, count = time.monotonic(), 0
    with path.open("ab", buffering=0) as file:
        while not ended.wait(0.1):
            due = int((time.monotonic() - began) * rate) - count
            file.write(b"".join(encode(event) for event in itertools.islice(found, due)))
            count += due


def _events() -> Iterator[Event]:
    """Steps without end, and now and then a score with its samples, as a run of that length has."""
    for number in itertools.count(2):
        loss = 2 + 100 / number + 0.1 * (number % 7)
        yield step(number, of=2_000_000, loss=loss, at=time.time())
        if number % 5_000 == 0:
            yield Evaluated(part="test", score=score(), step=number)
            for item in "abcd":
                yield Sample(step=number, id=item, instruction="譯" * 40, output="文" * 40)


if __name__ == "__main__":
    main()
