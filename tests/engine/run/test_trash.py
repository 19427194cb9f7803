"""Deleting that can be undone until the program ends, whatever other programs do."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from samples import held_by_a_process, make_run

from engine.language.errors import RunError
from engine.run import runs_folder
from engine.run.trash import FOLDER, Trash, purge
from engine.table.catalog import Catalog

OTHER = """
import sys
from pathlib import Path
from engine.run import runs_folder
from engine.run.trash import Trash
root = Path(sys.argv[1])
trash = Trash(root)
trash.take(runs_folder.list_all(root)[0])
print("taken", flush=True)
sys.stdin.read()
"""


def test_a_run_is_gone_and_comes_back_whole(root: Path) -> None:
    run = make_run(root)
    (run.folder / "adapter").mkdir()
    (run.folder / "adapter" / "x").write_text("weights")
    trash, catalog = Trash(root), Catalog(root)
    trash.take(run)
    assert (runs_folder.list_all(root), catalog.rows()) == ([], [])
    assert (len(trash), trash.latest) == (1, run.id)
    assert trash.restore() == run
    assert (run.folder / "adapter" / "x").read_text() == "weights"
    assert len(catalog.rows()) == 1
    with pytest.raises(RunError, match="nothing was deleted"):
        trash.restore()


def test_the_latest_comes_back_first_and_never_over_another(root: Path) -> None:
    first, second = make_run(root, run_id="20260101-a"), make_run(root, run_id="20260102-b")
    trash = Trash(root)
    trash.take(first)
    trash.take(second)
    make_run(root, run_id="20260102-b")
    with pytest.raises(RunError, match="a run of this name again"):
        trash.restore()
    shutil.rmtree(root / "20260102-b")
    assert [trash.restore().id, trash.restore().id] == ["20260102-b", "20260101-a"]


def test_a_run_at_work_is_refused(root: Path) -> None:
    run = make_run(root)
    with held_by_a_process(run), pytest.raises(RunError, match="stop it first"):
        Trash(root).take(run)
    assert run.folder.is_dir()


def test_emptying_leaves_nothing(root: Path) -> None:
    trash = Trash(root)
    trash.take(make_run(root))
    trash.empty()
    assert list(root.iterdir()) == []
    trash.empty()


def test_what_another_program_may_still_bring_back_is_not_purged(root: Path) -> None:
    make_run(root)
    command = [sys.executable, "-c", OTHER, str(root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"taken\n"
        assert purge(root) == 0
        assert (root / FOLDER).is_dir()
        process.kill()
        process.wait()
        assert purge(root) == 1
    assert list(root.iterdir()) == []
