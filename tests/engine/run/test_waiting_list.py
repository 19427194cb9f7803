"""The queue's file: order, changes by several processes at once, broken files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from samples import make_run

from engine.language.errors import RunError
from engine.run import runs_folder, waiting_list
from engine.run.summary import Status
from engine.run.waiting_list import Entry

SOURCE = Path(__file__).resolve().parents[3]


def order(root: Path) -> str:
    return "".join(entry.run for entry in waiting_list.read(root))


def fill(root: Path, ids: str) -> None:
    for run_id in ids:
        waiting_list.add(root, Entry(run_id, memory=7))


def test_runs_wait_in_the_order_they_came(root: Path) -> None:
    assert waiting_list.read(root) == []
    fill(root, "abc")
    assert order(root) == "abc"
    assert waiting_list.read(root)[0].memory == 7


def test_a_run_that_is_added_again_goes_to_the_end(root: Path) -> None:
    fill(root, "aba")
    assert order(root) == "ba"


@pytest.mark.parametrize(
    ("run_id", "place", "expected"),
    [("c", 0, "cab"), ("a", 1, "bac"), ("a", 99, "bca"), ("b", -5, "bac"), ("x", 0, "abc")],
)
def test_moving(root: Path, run_id: str, place: int, expected: str) -> None:
    fill(root, "abc")
    assert waiting_list.move(root, run_id, place) == (expected != "abc")
    assert order(root) == expected


def test_the_file_goes_with_the_last_entry(root: Path) -> None:
    fill(root, "a")
    assert waiting_list.remove(root, "a")
    assert not waiting_list.remove(root, "a")
    assert not list(waiting_list.folder_of(root).glob("*.json"))


_ADD = """
import sys
from pathlib import Path
from engine.run import waiting_list
for number in range(20):
    waiting_list.add(Path(sys.argv[1]), waiting_list.Entry(f"{sys.argv[2]}{number}"))
"""


def test_processes_that_add_at_once_lose_nothing(root: Path) -> None:
    command = [sys.executable, "-c", _ADD, str(root)]
    adding = [subprocess.Popen([*command, name], cwd=SOURCE) for name in "abc"]
    assert [process.wait() for process in adding] == [0, 0, 0]
    assert len(waiting_list.read(root)) == 60


def test_a_broken_file_is_named_with_the_remedy(root: Path) -> None:
    fill(root, "a")
    (waiting_list.folder_of(root) / "waiting.json").write_text("[{")
    with pytest.raises(RunError, match=r"waiting\.json: cannot be read: .*delete it"):
        waiting_list.read(root)
    assert not waiting_list.holds(root, "a")


def test_the_status_of_a_run_that_waits_is_derived_from_the_list(root: Path) -> None:
    run = make_run(root)
    waiting_list.add(root, Entry(run.id))
    assert run.summary().status is Status.WAITING
    assert not Status.WAITING.active
    waiting_list.remove(root, run.id)
    assert run.summary().status is Status.INTERRUPTED


def test_a_run_that_is_deleted_waits_no_more(root: Path) -> None:
    run = make_run(root)
    waiting_list.add(root, Entry(run.id))
    runs_folder.delete(run)
    assert waiting_list.read(root) == []
