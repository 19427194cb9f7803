"""Files of events that are long, damaged or a stranger's: read in little memory, to the end."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from commands import as_json, run_command
from samples import ENDED, make_run, step

from engine.machine.paths import cache_folder
from engine.run import events, tail
from engine.run.events import Event, Finished, Started, Unknown
from engine.run.folder import Run
from engine.run.history import History, read_history
from engine.run.reading_summary import read_summary
from engine.run.steps import Steps
from engine.run.summary import Status
from engine.run.tail import LONGEST_LINE, Tail

SOURCE = Path(__file__).resolve().parents[3]
_PEAK = """
import re, sys
from pathlib import Path
from engine.cli import main
main(sys.argv[1:])
status = Path("/proc/self/status").read_text()  # ru_maxrss begins with that of who started it
print(re.search(r"VmHWM:\\s+(\\d+)", status)[1], file=sys.stderr)
"""


def write(run: Run, *written: Event) -> None:
    run.events_path.write_bytes(b"".join(map(events.encode, written)))


def long_run(root: Path, megabytes: int) -> Run:
    run = make_run(root, run_id="long")
    block = b"".join(events.encode(step(number, of=10_000_000)) for number in range(1, 5_000))
    with run.events_path.open("wb") as file:
        file.write(events.encode(Started(steps=10_000_000)))
        while file.tell() < megabytes << 20:
            file.write(block)
    return run


def most_megabytes(*command: str) -> int:
    words = [sys.executable, "-c", _PEAK, *command]
    done = subprocess.run(words, capture_output=True, text=True, cwd=SOURCE, check=True)
    return int(done.stderr.split()[-1]) // 1024


def test_runs_and_show_take_no_more_for_a_long_run_than_for_a_short_one(root: Path) -> None:
    make_run(root / "short", step(1), run_id="short")
    long_run(root / "long", 48)
    for again in range(2):  # the second time with what was kept
        for command in (["runs"], ["show", "latest"]):
            short, long = (
                most_megabytes(*command, "--runs", str(root / name)) for name in ("short", "long")
            )
            assert long < short + 24, (command, again)


def test_a_line_without_an_end_is_passed_over(root: Path) -> None:
    run = make_run(root)
    endless = b'{"kind":"' + b"x" * (2 * LONGEST_LINE) + b'"}\n'
    run.events_path.write_bytes(
        events.encode(step(1)) + endless + events.encode(step(2)) + b"y" * (2 * LONGEST_LINE)
    )
    found = list(Tail(run.events_path).rest())
    assert [type(event).__name__ for event in found] == ["Step", "Unknown", "Step"]
    assert read_summary(run.events_path).unread == 1
    with run.events_path.open("ab") as file:
        file.write(b"\n" + events.encode(Finished()))
    summary = read_summary(run.events_path)
    assert (summary.status, summary.step, summary.unread) == (Status.FINISHED, 2, 2)


@pytest.mark.parametrize("seed", range(40))
def test_a_flipped_byte_is_one_line_and_not_the_end(root: Path, seed: int) -> None:
    draw = random.Random(seed)
    run = make_run(root, Started(steps=9, at=1.0), *(step(number, 9) for number in range(1, 10)))
    content = bytearray(run.events_path.read_bytes())
    at = draw.randrange(len(content))
    content[at] ^= 1 << draw.randrange(8)
    run.events_path.write_bytes(content + events.encode(Finished(steps=9)))
    summary, history = read_summary(run.events_path), read_history(run.events_path)
    assert summary.ended
    assert summary.unread == history.unread <= 2
    assert len(history.steps.numbers) >= 7


def test_lines_that_cannot_be_read_are_said(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(root, *ENDED)
    first, second, last = run.events_path.read_bytes().splitlines(keepends=True)
    run.events_path.write_bytes(first + b"\xff" + second + b"{]\n" + last)
    said = "2 lines of events.jsonl cannot be read, and are passed over"
    assert said in run_command(capsys, "show", run.id)[1]
    assert f"! {run.id}: {said}" in run_command(capsys, "runs")[2]
    assert as_json(capsys, "show", run.id)["unread_lines"] == 2
    assert run.summary().status is Status.FINISHED


# What is kept of long files


def kept() -> list[Path]:
    folder = cache_folder() / "summaries"
    return list(folder.iterdir()) if folder.is_dir() else []


@pytest.fixture
def long(root: Path) -> Run:
    run = long_run(root, 6)
    assert not kept()
    assert run.summary().step == 4999
    assert len(kept()) == 1
    return run


def test_what_is_kept_is_gone_on_with(long: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with long.events_path.open("ab") as file:
        file.write(events.encode(Finished()))
    read: list[Event] = []
    decode = events.decode
    monkeypatch.setattr(events, "decode", lambda line: read.append(decode(line)) or read[-1])
    assert read_summary(long.events_path).status is Status.FINISHED
    assert len(read) == 1


def test_a_short_file_has_nothing_kept_of_it(root: Path) -> None:
    make_run(root, *ENDED).summary()
    assert not kept()


@pytest.mark.parametrize("how", ["changed", "shorter", "another", "damaged", "foreign"])
def test_what_is_kept_never_counts_against_the_file(long: Run, how: str) -> None:
    content = long.events_path.read_bytes()
    loss = read_summary(long.events_path).loss
    if how == "changed":  # a line in the middle, at the same length
        middle = content.rindex(b'"loss":')
        long.events_path.write_bytes(content[:middle] + b'"lost":' + content[middle + 7 :])
        assert read_summary(long.events_path).unread == 1
    elif how == "shorter":
        write(long, step(3))
        assert read_summary(long.events_path).step == 3
    elif how == "another":
        other = content.replace(b'"step":4999', b'"step":4998')
        swap = long.folder / "other"
        swap.write_bytes(other)
        os.replace(swap, long.events_path)
        assert read_summary(long.events_path).step == 4998
    else:
        (file,) = kept()
        file.write_bytes(b"\x93" if how == "foreign" else file.read_bytes()[:-20])
        assert read_summary(long.events_path).loss == loss


# What a chart keeps


def test_a_chart_keeps_so_many_steps_and_loses_no_spike() -> None:
    whole, few = Steps(), Steps(most=1000)
    for first in range(1, 50_000, 100):
        steps = [step(number, 50_000) for number in range(first, first + 100)]
        for one in steps:
            if one.step == 31_234:
                one.loss = 99.0
            elif one.step == 40_001:
                one.loss = float("nan")
        whole.extend(steps)
        few.extend(steps)
    assert len(whole.numbers) == 50_000
    assert 500 <= len(few.numbers) <= 1000
    assert list(few.numbers) == sorted(set(few.numbers))
    assert max(value for value in few.columns["loss"] if value == value) == 99.0
    assert any(value != value for value in few.columns["loss"])
    assert few.numbers[-1] > 50_000 - 2 * few.stride
    few.forget_after(20_000)
    few.extend([step(20_001, 50_000)])
    assert few.numbers[-1] <= 20_001


def test_a_history_of_many_evaluations_is_bounded() -> None:
    history = History()
    for number in range(6_000):
        history.extend([events.Sample(step=number, id="a", instruction="", output="")])
    assert len(history.samples) == 500
    assert max(history.samples) == 5_999


def test_what_is_one_line_without_an_end_is_no_log_and_is_left_at_some_point(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "NO_LOG", 3 * LONGEST_LINE)
    root.mkdir(exist_ok=True)
    path = root / "events.jsonl"
    with path.open("wb") as file:
        file.write(events.encode(step(1)))
        file.truncate(1 << 31)
    reader = Tail(path)
    assert [isinstance(one, Unknown) for one in reader.rest()] == [False, True]
    assert reader.offset < 4 * LONGEST_LINE
    assert reader.read() == []
