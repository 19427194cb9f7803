"""The README tells the truth about the files."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import unicodedata
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.segment import Segment
from rich.style import Style

ROOT = Path(__file__).parent.parent


def test_the_tree_in_the_readme_is_the_tree_there_is() -> None:
    command = [sys.executable, str(ROOT / "docs" / "tree.py")]
    made = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    shown = (ROOT / "README.md").read_text(encoding="utf-8")
    assert made.strip("\n") in shown, "put the output of docs/tree.py into the README"


PICTURES = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
MOST_BYTES = 400_000


def test_the_pictures_in_the_readme_are_there() -> None:
    assert "docs/train.svg" in PICTURES
    for name in PICTURES:
        assert (ROOT / name).read_text(encoding="utf-8").startswith("<svg")
    kept = {f"docs/{file.name}" for file in (ROOT / "docs").glob("*.svg")}
    assert kept == set(PICTURES), "pictures are kept that are not shown"
    assert sum((ROOT / name).stat().st_size for name in PICTURES) < MOST_BYTES


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_looks_right_without_any_font_of_its_own(name: str) -> None:
    """Nothing is fetched, and each letter has a place: wider ones cannot push the next aside."""
    svg = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"@font-face|@import|url\(|href|<style|<image|<script", svg)
    root = ElementTree.fromstring(svg)
    space = "{http://www.w3.org/2000/svg}"
    written = 0
    for text in root.iter(f"{space}text"):
        assert not (text.text or "").strip(), "letters that are not set one by one"
        for letter in text:
            assert letter.tag == f"{space}tspan"
            assert letter.get("x")
            assert not (letter.tail or "").strip()
            held = [char for char in letter.text or "" if not unicodedata.combining(char)]
            assert len(held) == 1, f"{letter.text!r} is set as one"
            assert not 0x2500 <= ord(held[0]) <= 0x259F, "frames and bars are drawn"
            assert not 0x2800 <= ord(held[0]) <= 0x28FF, "curves are drawn"
            written += 1
    assert written > 100, "a picture of nothing"


def test_pictures_are_made_of_cells_in_their_places() -> None:
    """Wide characters over two cells, curves and frames drawn, nothing else next to them moved."""
    sys.path.insert(0, str(ROOT / "docs"))
    cell_svg = importlib.import_module("cell_svg")
    line = [Segment("a文⣀│b", Style(color="#ff0000", bgcolor="#000000"))]
    picture = cell_svg.draw([line], 6, ground="#000000")
    letters = re.findall(r'<tspan x="([\d.]+)">(.)</tspan>', picture)
    wide = cell_svg.WIDE
    assert letters == [
        (f"{0.5 * wide:g}", "a"), (f"{2 * wide:g}", "文"), (f"{5.5 * wide:g}", "b")
    ]  # fmt: skip
    drawn = re.findall(r'<path fill="#ff0000" d="([^"]+)"', picture)
    assert len(drawn) == 1
    assert drawn[0].startswith("M")
