"""The README, and the pages for who carries on, tell the truth about the files."""

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


PAGES = ("README.md", "CONTRIBUTING.md", *(f"docs/{file.name}" for file in ROOT.glob("docs/*.md")))


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("shown", "name"), [("tree", "README.md"), ("floors", "docs/ARCHITECTURE.md")]
)
def test_the_tree_and_the_floors_are_those_there_are(shown: str, name: str) -> None:
    command = [sys.executable, str(ROOT / "docs" / "tree.py"), shown]
    made = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    folders = re.findall(r"^ +(\S+/) ", made, re.MULTILINE)
    assert len(folders) == len(made.strip("\n").split("\n"))
    assert made.strip("\n") in page(name), "run docs/tree.py --write"


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_names_is_there(name: str) -> None:
    text = page(name)
    named = re.findall(r"`((?:engine|tui|tests|docs|benchmarks|profiles)/[\w./-]*)`", text)
    assert name != "docs/ARCHITECTURE.md" or len(set(named)) > 60
    assert [path for path in named if not (ROOT / path).exists()] == []
    tests = {file.name for file in (ROOT / "tests").rglob("test_*.py")}
    assert set(re.findall(r"`(test_\w+\.py)`", text)) <= tests
    linked = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
    assert [path for path in linked if not (ROOT / name).parent.joinpath(path).exists()] == []


PICTURES = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page("README.md"))
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
    assert letters == [(f"{0.5 * wide:g}", "a"), (f"{2 * wide:g}", "文"), (f"{5.5 * wide:g}", "b")]
    drawn = re.findall(r'<path fill="#ff0000" d="([^"]+)"', picture)
    assert len(drawn) == 1
    assert drawn[0].startswith("M")
