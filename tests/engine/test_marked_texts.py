"""Texts marked for translation are literals that the catalogue's reader finds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import engine
import tui

FOLDERS = [Path(package.__file__).parent for package in (engine, tui)]
TEXTS = {"_": 1, "plural": 2}
"""How many of the first arguments are texts."""


def _marks(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node) in TEXTS:
            yield node


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _trees() -> Iterator[tuple[Path, ast.Module]]:
    for folder in FOLDERS:
        for path in folder.rglob("*.py"):
            yield path, ast.parse(path.read_text())


def test_marked_texts_are_literals() -> None:
    wrong = [
        f"{path}:{mark.lineno}"
        for path, tree in _trees()
        for mark in _marks(tree)
        for text in mark.args[: TEXTS[_name(mark)]]
        if not isinstance(text, ast.Constant)
    ]
    assert not wrong


def test_no_mark_hides_in_an_f_string() -> None:
    """The reader takes an f-string as one text on Python 3.10 and 3.11, and sees no mark in it."""
    wrong = [
        f"{path}:{mark.lineno}"
        for path, tree in _trees()
        for text in ast.walk(tree)
        if isinstance(text, ast.JoinedStr)
        for mark in _marks(text)
    ]
    assert not wrong
