"""What worker.log tells: one line for each thing that counts, with its time, and not too many."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from samples import make_run, score, step

from engine.run.events import (
    Evaluated,
    Event,
    Failed,
    Finished,
    Phase,
    Saved,
    Started,
    Step,
    Stopped,
    Warned,
)
from engine.worker.process.log_book import LogBook
from engine.worker.process.reporter import Reporter


def told(*events: Event) -> list[str]:
    book = LogBook()
    return [line for event in events for line in book.lines(event)]


def test_the_story_of_a_run_is_told_in_order(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written: list[Event] = []
    report = Reporter(written.append, LogBook(make_run(root)))
    scored = Evaluated(at=106.5, part="test", score=score(39.3), step=2, seconds=2.1)
    events = [
        Phase(at=100, name="loading the model"),
        Started(at=104.2, steps=2, pairs=700, device="CPU"),
        step(1, 2),
        scored,
        Saved(at=107, step=2, checkpoint="step-000002", best=True),
        Finished(at=108.2, steps=2, score=score(8.6), checkpoint="step-000002"),
    ]
    for event in events:
        report.emit(event)
    assert written == events
    lines = capsys.readouterr().out.splitlines()
    assert all(re.match(r"\d\d:\d\d:\d\d  ", line) for line in lines)
    said = [line[10:] for line in lines]
    assert said[0].startswith("1970-01-01  run ")
    assert "train tiny by qlora" in said[0]
    assert said[1:4] == [
        "loading the model …",
        "loading the model: done in 4.2 s",
        "started, 2 steps over 700 pairs, on CPU",
    ]
    assert said[4].startswith("step 1/2  loss ")
    assert said[5].startswith("step 2: evaluated, test perplexity 39.30 over ")
    assert said[5].endswith("in 2.1 s")
    assert said[6] == "saved step-000002, the best so far"
    assert said[7] == "finished, test perplexity 8.60, result is step-000002, 00:04 of work"


def test_a_long_run_is_told_in_few_lines_but_a_slow_one_is_not_silent() -> None:
    fast = [
        Step(
            at=n / 100,
            step=n,
            of=10_000,
            loss=1.0,
            lr=1e-4,
            grad_norm=1.0,
            tokens=n,
            tokens_per_second=1.0,
        )
        for n in range(1, 10_001)
    ]
    assert 50 <= len(told(*fast)) <= 53
    slow = [
        Step(
            at=n * 61.0,
            step=n,
            of=10_000,
            loss=1.0,
            lr=1e-4,
            grad_norm=1.0,
            tokens=n,
            tokens_per_second=1.0,
        )
        for n in range(1, 101)
    ]
    assert len(told(*slow)) == 100


def test_counted_phases_say_nothing_for_their_end_is_an_event_of_its_own() -> None:
    phases = [Phase(at=n, name="scoring test file", done=n, of=9) for n in range(9)]
    assert told(*phases, Evaluated(at=9, part="test", score=score(3.0)))[0].startswith("evaluated")


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Stopped(step=3, checkpoint="step-000003"), "stopped as asked after step 3, saved as"),
        (Stopped(), "stopped as asked, nothing to save"),
        (Failed(type="X", message="no memory", hint="less"), "failed: no memory; less"),
        (Warned(message="slow"), "warning: slow"),
    ],
)
def test_ends_and_warnings_are_told(event: Event, said: str) -> None:
    assert told(event)[-1].startswith(said)


def test_a_full_disk_costs_lines_and_not_the_run() -> None:
    code = (
        "from engine.run.events import Warned\n"
        "from engine.worker.process.log_book import LogBook\n"
        "for _ in range(3): LogBook().tell(Warned(message='x'))\n"
        "import os; os._exit(0)"
    )
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-c", code], stdout=full, check=False)
    assert done.returncode == 0
