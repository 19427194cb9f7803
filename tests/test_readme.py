"""The README tells the truth about the files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_tree_in_the_readme_is_the_tree_there_is() -> None:
    command = [sys.executable, str(ROOT / "docs" / "tree.py")]
    made = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    shown = (ROOT / "README.md").read_text(encoding="utf-8")
    assert made.strip("\n") in shown, "put the output of docs/tree.py into the README"


def test_the_picture_in_the_readme_is_there() -> None:
    assert "docs/train.svg" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert (ROOT / "docs" / "train.svg").read_text(encoding="utf-8").startswith("<svg")
