"""The Runs screen in a real terminal: what it sends, and what it leaves when it is left."""

from __future__ import annotations

from pathlib import Path

import pytest
from samples import ENDED, make_run
from terminal import on_runs

from engine.run.trash import FOLDER

SOURCE = Path(__file__).resolve().parent.parent
SWITCH_BYTES = 10_000
STEP_BYTES = 1_000
MOUSE_BYTES = 300


@pytest.fixture
def filled(root: Path) -> Path:
    """Sixty runs."""
    for number in range(60):
        make_run(root, *ENDED, run_id=f"20260101-12{number:02}00-tiny-qlora")
    return root


def test_the_screen_sends_little(filled: Path, tmp_path: Path) -> None:
    with on_runs(filled, tmp_path) as terminal:
        terminal.wait_for("by created")
        terminal.settle()
        for keys, word in (("\x1bOP", "tokens an epoch"), ("\x1bOS", "by created")):
            before = len(terminal.output)
            terminal.send(keys)
            terminal.wait_for(word)
            terminal.settle()
        sent = len(terminal.output) - before
        print(f"{sent:,} bytes for the switch")
        assert sent <= SWITCH_BYTES
        assert terminal.read(5.0) == b"", "silence while nothing changes"
        terminal.send("\x1b[B")
        moved = terminal.read(1.0)
        print(f"{len(moved):,} bytes for a step of the cursor")
        assert 0 < len(moved) <= STEP_BYTES
        swept = b""
        for row in range(4, 14):
            terminal.send(f"\x1b[<35;20;{row}M")
            swept += terminal.read(0.2)
        print(f"{len(swept) / 10:,.0f} bytes for a move of the mouse")
        assert len(swept) / 10 <= MOUSE_BYTES


def test_what_was_deleted_is_gone_once_the_workbench_is_left(root: Path, tmp_path: Path) -> None:
    run = make_run(root, *ENDED)
    with on_runs(root, tmp_path) as terminal:
        terminal.wait_for("by created")
        terminal.wait_for("✓ finished")
        terminal.send("d")
        terminal.wait_for("u brings them back")
        terminal.send("y")
        terminal.wait_for("No runs yet")
        assert list((root / FOLDER).rglob(run.id))
        terminal.send("u")
        terminal.wait_for("✓ finished")
        terminal.send("d")
        terminal.wait_for("u brings them back")
        terminal.send("y")
        terminal.wait_for("No runs yet")
        terminal.send("\x11")
        assert terminal.wait() == 0
    assert not (root / FOLDER).exists()
    assert not run.folder.exists()
