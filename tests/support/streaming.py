"""The workbench on a terminal, translating: a stand-in for the translator says what it is told to.

python streaming.py MANNERS [ARGUMENT...] is the `yiwen` command with that stand-in.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import fake_translator
import msgspec
from fake_translator import Manners
from samples import make_run
from terminal import Terminal

SOURCE = Path(__file__).resolve().parents[2]
TOKENS_A_SECOND = 40
SENTENCE = "學習並且時常溫習，不也很快樂嗎？有朋友從遠方來，不也很高興嗎？"
F3, F5 = "\x1bOR", "\x1b[15~"


def streaming_bytes(
    folder: Path, models: int, columns: int, rows: int, *, sentences: int = 5, asked: int = 2
) -> tuple[float, float]:
    """Bytes a second while answers come at 40 tokens a second, and the most in any second.

    `models` is 1 or 3; before the question measured, others have filled the screen.
    """
    made = make_run(folder / "runs")
    made.adapter_path.mkdir()
    (made.adapter_path / "adapter_config.json").write_text("{}")
    manners = Manners(
        answer=SENTENCE * sentences, pause=1 / TOKENS_A_SECOND, log=str(folder / "received")
    )
    said = msgspec.json.encode(manners).decode()
    command = [sys.executable, __file__, said, "tui", "--runs", str(folder / "runs")]
    environment = {"PYTHONPATH": str(SOURCE), "XDG_STATE_HOME": str(folder / "state")}
    with Terminal(
        command, columns=columns, rows=rows, environment=environment, folder=folder
    ) as terminal:
        terminal.wait_for("tokens an epoch", 60)
        terminal.settle()
        terminal.send(F3)
        terminal.wait_for("enter translates it")
        if models > 1:
            terminal.send(F5)
            terminal.wait_for("Translate with")
            terminal.send("side by side")
            terminal.settle(0.5)
            terminal.send("\r")
            terminal.wait_for("few-shot | ")
        for _ in range(asked):
            seconds = _ask(terminal)
        return sum(seconds) / len(seconds), max(seconds)


def _ask(terminal: Terminal) -> list[int]:
    """Bytes of each second from the first words of the answer to its end."""
    terminal.settle(0.5)
    terminal.send("學而時習之，不亦說乎？")
    terminal.settle(0.3)
    terminal.send("\r")
    terminal.wait_for("● translating")
    seconds = []
    while "● translating" in terminal.text:
        seconds.append(len(terminal.read(1.0)))
    return seconds


def main() -> None:
    """The `yiwen` command."""
    manners = msgspec.json.decode(sys.argv[1], type=Manners)
    subprocess.Popen = fake_translator.starter(lambda: manners)  # type: ignore[assignment,misc]
    from tui.__main__ import main as yiwen

    sys.exit(yiwen(sys.argv[2:]))


if __name__ == "__main__":
    main()
