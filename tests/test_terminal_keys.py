"""Keys in a real terminal, as slow lines bring them: many in one packet, and none with ctrl."""

from __future__ import annotations

from pathlib import Path

from terminal import on_runs


def test_letters_find_palette_and_leaving_in_packets(root: Path, tmp_path: Path) -> None:
    with on_runs(root, tmp_path) as terminal:
        terminal.wait_for("f4 Runs")
        terminal.send("1")
        terminal.wait_for("What will happen")
        terminal.send("jjk\r")  # in order: the second row, the strategy
        terminal.wait_for("type to filter")
        terminal.send("\x1b")
        terminal.wait_for("What will happen")
        terminal.settle()
        terminal.send("?")
        terminal.wait_for("Keys: Train")
        terminal.send("/leave, after")  # not one of these letters is a command
        terminal.wait_for("1 of 1")
        terminal.send("\x1b")
        terminal.settle()
        terminal.send("\x1b")
        terminal.wait_for("tokens an epoch")
        terminal.send(":")
        terminal.wait_for("Search for commands")
        terminal.send("\x1b")
        terminal.settle()
        terminal.send("q")
        assert terminal.wait() == 0
