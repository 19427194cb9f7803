"""`yiwen watch`: alarms told once, and the terminal called at the end if it is one."""

from __future__ import annotations

import io
import math
import sys
from pathlib import Path

import pytest
from commands import run_command
from samples import held_by_a_process, make_run, score, step

from engine.cli import follow
from engine.run.events import EventLog, Finished, Started
from engine.run.folder import Run


class Terminal(io.StringIO):
    """Standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


def _watched_to_its_end(run: Run, monkeypatch: pytest.MonkeyPatch) -> str:
    """What stands on the terminal when a run is watched that ends in the meantime."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    naps: list[float] = []
    with held_by_a_process(run) as worker:

        def nap(seconds: float) -> None:
            naps.append(seconds)
            if len(naps) == 3:
                EventLog(run.events_path).append(Finished(steps=9, score=score(16.6)))
                worker.kill()
                worker.wait()

        monkeypatch.setattr(follow.time, "sleep", nap)
        follow.follow(run)
    return screen.getvalue()


def test_an_alarm_is_told_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(root, Started(steps=9), step(1, 9), step(2, 9, loss=math.nan))
    shown = _watched_to_its_end(run, monkeypatch)
    assert shown.count("! Loss or gradient was no number at step 2") == 1
    assert shown.count("learning_rate") == 1


def test_the_terminal_is_called_at_the_end(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    run = make_run(root, Started(steps=9), step(1, 9))
    shown = _watched_to_its_end(run, monkeypatch)
    notice = f"\x1b]9;Yiwen: run {run.id} finished, test perplexity 16.60\x1b\\"
    assert shown.endswith("\a" + notice)


def test_what_ended_before_calls_nobody(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(root, Started(steps=9), step(9, 9), Finished(steps=9, score=score()))
    status, _, err = run_command(capsys, "watch", run.id, "--runs", str(root))
    assert status == 0
    assert "\a" not in err
