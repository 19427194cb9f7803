"""What several programs write at once is all kept: notes, the queue, what is remembered."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import other_machines
import pytest
import starting_line
from samples import make_run

from engine.run import notes, waiting_list
from engine.run.notes import Notes

SOURCE = Path(__file__).resolve().parents[3]
AT_ONCE, TIMES = 4, 8
_TAGS = """
import sys
from engine.cli import main
name, run, root = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
for number in range({times}):
    assert main(["note", run, "--tag", f"{{name}}-{{number}}", "--runs", root]) == 0
"""
_QUEUES = """
import sys
from pathlib import Path
from engine.run import waiting_list
from engine.run.waiting_list import Entry
name, run, root = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
for number in range({times}):
    waiting_list.add(Path(root), Entry(f"{{name}}-{{number}}"))
"""
_REMEMBERS = """
import sys
from tui import remembered
name = sys.argv[1]
print("ready", flush=True)
sys.stdin.readline()
for number in range({times}):
    key = ("profile", "strategy", "watched")[int(name)]
    remembered.keep_desk(**{{key: f"{{name}}-{{number}}"}})
"""


def at_once(program: str, count: int, *words: str, environment: dict[str, str]) -> None:
    command = [sys.executable, "-c", program.format(times=TIMES)]
    programs = [
        subprocess.Popen(
            [*command, str(name), *words], **starting_line.PIPES, cwd=SOURCE, env=environment
        )
        for name in range(count)
    ]
    starting_line.begin(programs)
    said = [one.communicate(timeout=120) for one in programs]
    assert [one.returncode for one in programs] == [0] * count, said


EXPECTED = {f"{name}-{number}" for name in range(AT_ONCE) for number in range(TIMES)}
LOCKS = pytest.mark.parametrize("flock", [None, errno.ENOLCK, errno.EIO])


@LOCKS
def test_tags_that_several_programs_give_at_once_are_all_kept(
    root: Path, tmp_path: Path, flock: int | None
) -> None:
    run = make_run(root)
    environment = other_machines.environment(other_machines.library(tmp_path), flock=flock)
    at_once(_TAGS, AT_ONCE, run.id, str(root), environment=environment)
    assert set(notes.read(run.folder).tags) == EXPECTED


@LOCKS
def test_runs_that_several_programs_let_wait_at_once_are_all_in_the_queue(
    root: Path, tmp_path: Path, flock: int | None
) -> None:
    environment = other_machines.environment(other_machines.library(tmp_path), flock=flock)
    at_once(_QUEUES, AT_ONCE, "", str(root), environment=environment)
    assert {entry.run for entry in waiting_list.read(root)} == EXPECTED


@LOCKS
def test_what_several_workbenches_remember_is_all_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flock: int | None
) -> None:
    from tui import remembered

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    environment = other_machines.environment(other_machines.library(tmp_path), flock=flock)
    at_once(_REMEMBERS, 3, environment=environment)
    last = TIMES - 1
    desk = remembered.desk()
    assert (desk.profile, desk.strategy, desk.watched) == (f"0-{last}", f"1-{last}", f"2-{last}")


def test_notes_written_in_a_dialog_keep_what_others_wrote_meanwhile() -> None:
    before = Notes("first", ("a", "b"), "why")
    after = Notes("second", ("b", "c"), "why")
    now = Notes("first", ("a", "b", "d"), "because")
    assert notes.merged(now, before, after) == Notes("second", ("b", "d", "b", "c"), "because")
    both = notes.merged(now, before, Notes("first", ("a", "b"), "therefore"))
    assert both == Notes("first", ("a", "b", "d", "a", "b"), "because\n\ntherefore")
