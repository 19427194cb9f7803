"""Dialogs over a live run on a terminal: how many bytes a second come while each is open."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import fake_worker
from samples import ENDED, make_run
from terminal import Terminal

SOURCE = Path(__file__).resolve().parents[2]
STEPS_A_SECOND = 12
STEPS = 36_000
"""So many that the limits of the scales stay while it is looked at."""
DIALOGS = {
    "help": ("?", "esc close"),
    "log": ("l", "the end of worker.log"),
    "palette": ("\x10", "Search for commands"),
    "queue": ("Q", "Queue"),
    "errors": ("\x07", "esc close"),
    "overlays": ("O", "Runs to lay over"),
    "palette over the log": ("l\x10", "Search for commands"),
}
"""By name the keys that open it, and a word of it."""


def live_bytes(
    folder: Path, columns: int, rows: int, *, seconds: float = 4.0
) -> Iterator[tuple[str, float]]:
    """Bytes a second of a run of twelve steps a second: bare, under each dialog, and covered."""
    make_run(folder / "runs", *ENDED, run_id="20250101-120000-tiny-qlora")
    run = make_run(folder / "runs")
    seconds_long = str(STEPS / STEPS_A_SECOND)
    process = fake_worker.launch(run, "--steps", str(STEPS), "--seconds", seconds_long)
    command = [sys.executable, "-m", "tui", "tui", "--runs", str(folder / "runs")]
    environment = {"PYTHONPATH": str(SOURCE), "XDG_STATE_HOME": str(folder / "state")}
    try:
        with Terminal(
            command, columns=columns, rows=rows, environment=environment, folder=folder
        ) as terminal:
            terminal.wait_for("● running", 60)
            terminal.read(6.0)  # the limits of the scales settle
            yield "nothing", len(terminal.read(seconds)) / seconds
            for name, (keys, word) in DIALOGS.items():
                terminal.send(keys)
                terminal.wait_for(word)
                terminal.read(1.0)
                yield name, len(terminal.read(seconds)) / seconds
                for _ in keys:
                    terminal.send("\x1b")
                    terminal.read(0.5)
            terminal.resize(50, 10)
            terminal.wait_for("needs a terminal")
            terminal.read(1.0)
            yield "too small", len(terminal.read(seconds)) / seconds
    finally:
        if run.alive():
            os.killpg(process, signal.SIGKILL)
