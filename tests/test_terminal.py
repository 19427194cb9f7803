"""The workbench in a real terminal: first frame, silence when idle, leaving, a lost line."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from terminal import LIVE_BYTES_A_SECOND, Terminal

from engine.run import runs_folder
from engine.run.folder import Run
from engine.run.summary import Status

SOURCE = Path(__file__).resolve().parent.parent
ENTER_ALTERNATE_SCREEN, LEAVE_ALTERNATE_SCREEN = b"\x1b[?1049h", b"\x1b[?1049l"
FIRST_FRAME_BYTES = 25_000
MOUSE_MOVE_BYTES = 300
CROSSHAIR_BYTES = 1_500


def workbench(
    root: Path, *, columns: int = 80, rows: int = 24, environment: dict[str, str] | None = None
) -> Terminal:
    """The command as a user types it."""
    command = [sys.executable, "-m", "tui", "tui", "--runs", str(root)]
    values = {"PYTHONPATH": str(SOURCE), **(environment or {})}
    return Terminal(command, columns=columns, rows=rows, environment=values, folder=root)


def test_first_frame_idle_and_quit(root: Path) -> None:
    with workbench(root) as terminal:
        begun = time.monotonic()
        terminal.wait_for("What will happen")
        print(f"first words after {time.monotonic() - begun:.2f} s")
        text = terminal.wait_for("tokens an epoch")
        for word in ("Train", "Profile", "tiny", "QLoRA", "s Start", "f2 Evaluate"):
            assert word in text
        terminal.settle()
        print(f"{len(terminal.output):,} bytes until the first frame settled")
        assert len(terminal.output) <= FIRST_FRAME_BYTES
        assert terminal.read(5.0) == b""
        terminal.send("\x11")
        assert terminal.wait() == 0
        assert terminal.output.count(ENTER_ALTERNATE_SCREEN) == 1
        assert terminal.output.count(LEAVE_ALTERNATE_SCREEN) == 1


def test_smallest_size(root: Path) -> None:
    with workbench(root, columns=60, rows=16) as terminal:
        terminal.wait_for("350 文")
        terminal.settle()  # what is drawn for another size comes by for a moment
        assert "s Start" in terminal.text


def test_the_size_is_the_terminals_whatever_a_shell_exports(root: Path) -> None:
    exported = {"COLUMNS": "80", "LINES": "24"}
    with workbench(root, columns=60, rows=16, environment=exported) as terminal:
        terminal.wait_for("350 文")
        terminal.settle()
        assert "s Start" in terminal.text
        assert "q Quit" not in terminal.text  # there is no room for it
        terminal.resize(100, 30)
        terminal.wait_for("q Quit")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_restore_the_terminal(root: Path, number: int) -> None:
    with workbench(root) as terminal:
        terminal.wait_for("tokens an epoch")
        terminal.kill(number)
        assert terminal.wait() == 128 + number
        assert LEAVE_ALTERNATE_SCREEN in terminal.output


def test_a_lost_line_leaves_no_workbench(root: Path) -> None:
    with workbench(root) as terminal:
        terminal.wait_for("tokens an epoch")
        terminal.hang_up()
        deadline = time.monotonic() + 10
        while os.waitpid(terminal.process, os.WNOHANG) == (0, 0):
            assert time.monotonic() < deadline, "the workbench outlived its terminal"
            time.sleep(0.05)
        terminal.status = 0


def test_training_outlives_a_killed_workbench_and_is_found_again(root: Path) -> None:
    with workbench(root) as terminal:
        terminal.wait_for("tokens an epoch")
        for setting in (
            "training.max_steps = 2",
            "evaluation.outputs = false",
            "evaluation.samples = 1",
            "training.evaluate_every = 2",
        ):
            _change(terminal, setting)
        terminal.wait_for("at most 2 steps")
        terminal.send("s")
        terminal.wait_for("● running", 120)
        run = runs_folder.list_all(root)[0]
        terminal.kill()
        terminal.wait()
    assert run.alive()
    _wait_for_end(run)
    assert run.summary().status is Status.FINISHED
    with workbench(root) as terminal:
        terminal.wait_for("✓ finished")
        terminal.send("w")
        terminal.wait_for("✓ test perplexity")
        terminal.wait_for("step 2/2")


def _change(terminal: Terminal, setting: str) -> None:
    terminal.send("o")
    terminal.wait_for("Settings of this run")
    terminal.send(f"{setting}\r")
    terminal.wait_for(f"● {setting}")
    terminal.send("\x1b")
    terminal.wait_for("What will happen")


def _wait_for_end(run: Run, seconds: float = 300.0) -> None:
    deadline = time.monotonic() + seconds
    while run.alive():
        assert time.monotonic() < deadline, "the worker does not end"
        time.sleep(0.2)


def test_a_live_run_sends_little(root: Path) -> None:
    import fake_worker
    from samples import make_run, score

    from engine.run.events import Evaluated, Finished, Started

    for strategy, perplexity in (("zero-shot", 78.2), ("few-shot", 46.1)):
        scored = [Evaluated(part="test", score=score(perplexity)), Finished()]
        make_run(root, Started(), *scored, run_id=strategy, job="evaluate", strategy=strategy)
    process = fake_worker.launch(make_run(root), "--steps", "600", "--seconds", "60")
    try:
        with workbench(root) as terminal:
            terminal.wait_for("== few-shot 46.10")
            terminal.read(8.0)  # the limits of the scales settle
            got = terminal.read(10.0)
            print(f"{len(got) / 10:,.0f} bytes a second")
            assert len(got) / 10 <= LIVE_BYTES_A_SECOND
            os.killpg(process, signal.SIGKILL)
            terminal.wait_for("◌ interrupted")
            terminal.settle()
            _move_the_mouse(terminal)
            _move_the_crosshair(terminal)
            terminal.settle()
            assert terminal.read(5.0) == b"", "an ended run is not silent"
            terminal.send("\x11")
            assert terminal.wait() == 0
            assert b"Training goes on" not in terminal.output
    finally:
        _end(process)


def test_a_live_evaluation_sends_little(root: Path) -> None:
    from samples import held_by_a_process, make_run, score

    from engine.run.events import Evaluated, EventLog, Phase, Started

    scored = Evaluated(part="test", score=score(), directions={"to_modern": score()})
    run = make_run(root, Started(device="CPU", at=time.time()), scored, job="evaluate")
    log, got = EventLog(run.events_path), b""
    with held_by_a_process(run), workbench(root) as terminal:
        terminal.wait_for("Test perplexity")
        terminal.read(3.0)  # all of the screen is there
        for done in range(40):
            log.append(Phase(name="translating", done=done, of=84))
            got += terminal.read(0.25)
        print(f"{len(got) / 10:,.0f} bytes a second")
        assert "translating" in terminal.text
        assert len(got) / 10 <= LIVE_BYTES_A_SECOND


def _move_the_mouse(terminal: Terminal) -> None:
    for at in range(20):
        terminal.send(f"\x1b[<35;{3 + 3 * at};{2 + at}M")
        moved = terminal.read(0.1)
        assert len(moved) <= MOUSE_MOVE_BYTES


def _move_the_crosshair(terminal: Terminal) -> None:
    terminal.send("\x1b[D")
    terminal.wait_for("smoothed")
    terminal.settle(0.3)
    sent = []
    for _ in range(10):
        terminal.send("\x1b[D")
        sent.append(len(terminal.read(0.3)))
    print(f"{sum(sent) / 10:,.0f} bytes a move of the crosshair")
    assert 0 < sum(sent) / 10 <= CROSSHAIR_BYTES


def _end(process: int) -> None:
    try:
        os.killpg(process, signal.SIGKILL)
    except ProcessLookupError:
        return


def test_leaving_says_that_a_run_goes_on(root: Path) -> None:
    import fake_worker
    from samples import make_run

    process = fake_worker.launch(make_run(root), "--end", "hang", "--steps", "5")
    try:
        with workbench(root) as terminal:
            terminal.wait_for("● running")
            terminal.send("\x11")
            assert terminal.wait() == 0
            assert b"Training goes on" in terminal.output
    finally:
        _end(process)


def test_the_terminal_is_called_when_a_run_ends(root: Path) -> None:
    import fake_worker
    from samples import make_run

    run = make_run(root)
    process = fake_worker.launch(run, "--steps", "20", "--seconds", "4")
    try:
        with workbench(root, environment={"TMUX": ""}) as terminal:
            terminal.wait_for("● running")
            terminal.wait_for("✓ finished")
            terminal.settle()
            notice = f"\a\x1b]9;Yiwen: run {run.id} finished, test perplexity 12.50\x1b\\"
            assert terminal.output.count(notice.encode()) == 1
    finally:
        _end(process)


def test_charts_without_unicode_and_without_colour(root: Path) -> None:
    from samples import make_run, score, step

    from engine.run.events import Evaluated, Finished, Started

    steps = [step(number, 60) for number in range(1, 61)]
    tested = [Evaluated(part="test", score=score(p), step=at) for at, p in ((0, 90.0), (60, 20.0))]
    make_run(root, Started(steps=60), *steps, *tested, Finished(steps=60))
    poor = {"LANG": "C", "LC_ALL": "", "LC_CTYPE": "", "TERM": "xterm", "NO_COLOR": "1"}
    with workbench(root, environment=poor) as terminal:
        terminal.wait_for("✓ finished")
        terminal.send("w")
        terminal.wait_for("o test perplexity")
        terminal.wait_for("60")
        terminal.settle()
        chart = terminal.text.splitlines()[2:-4]
        assert all(row.isascii() for row in chart), "\n".join(chart)
        assert sum(row.count("#") for row in chart) > 20
        assert sum(row.count("o") for row in chart) == 1
        assert sum(row.count("^") for row in chart) == 1, "the untuned model, far above"
