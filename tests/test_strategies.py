"""The list of strategies: what is added there is everywhere, and nothing else names them."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from engine.prompts import strategies

ROOT = Path(__file__).resolve().parents[1]


def test_strategies_added_to_the_list_are_offered_explained_drawn_and_run(tmp_path: Path) -> None:
    program = ROOT / "tests" / "support" / "more_strategies.py"
    done = subprocess.run(
        [sys.executable, str(program), str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_no_code_names_a_strategy_but_the_list() -> None:
    found = []
    for folder in ("engine", "tui"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path != ROOT / "engine" / "prompts" / "strategies.py":
                tree = ast.parse(path.read_text("utf-8"))
                found += [
                    f"{path.relative_to(ROOT)}:{node.lineno}: {node.value}"
                    for node in ast.walk(tree)
                    if isinstance(node, ast.Constant) and node.value in strategies.STRATEGIES
                ]
    assert found == []


def test_each_that_trains_nothing_has_a_mark_of_its_own() -> None:
    marks = [one.mark for one in strategies.untrained()]
    assert all(len(mark) == 1 for mark in marks)
    assert len(set(marks)) == len(marks)
