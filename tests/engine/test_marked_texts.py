"""Texts marked for translation stand where the catalogue's reader finds them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import engine
import tui

FOLDERS = [Path(package.__file__).parent for package in (engine, tui)]
ENGLISH = ("cli", "course", "experiments", "niutrans.py", "splitting.py")
"""What only the command line does, which speaks English."""
ERRORS = (
    "ConnectionLost", "DataError", "ProfileError", "QueryError", "RunError", "SettingsError",
    "Unsupported", "UserError",
)  # fmt: skip
MARKS = ("_", "marked", "pgettext", "plural")


def _marked_texts(tree: ast.AST) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            text = node.args[0]
            if node.func.id in MARKS and isinstance(text, ast.Constant):
                yield text


def test_no_mark_hides_in_an_f_string() -> None:
    """The reader takes an f-string for one text, and sees no mark in it."""
    hidden = [
        f"{path}:{text.lineno}: {text.value}"
        for folder in FOLDERS
        for path in folder.rglob("*.py")
        for string in ast.walk(ast.parse(path.read_text()))
        if isinstance(string, ast.JoinedStr)
        for text in _marked_texts(string)
    ]
    assert not hidden


def _is_error(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
        return False
    return node.func.id in ERRORS and isinstance(node.args[0], ast.JoinedStr | ast.Constant)


def test_no_error_that_a_screen_may_show_is_worded_past_the_catalogue() -> None:
    unmarked = [
        f"{path}:{node.lineno}"
        for folder in FOLDERS
        for path in folder.rglob("*.py")
        if not set(ENGLISH) & set(path.relative_to(folder).parts)
        for node in ast.walk(ast.parse(path.read_text()))
        if _is_error(node)
    ]
    assert not unmarked
