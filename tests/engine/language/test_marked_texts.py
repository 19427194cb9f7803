"""Texts marked for translation stand where the catalogue's reader finds them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import engine
import tui
from engine.language import texts

FOLDERS = [Path(package.__file__).parent for package in (engine, tui)]
COMMANDS = Path(engine.__file__).parent / "cli"
GRAMMAR = ("commands.py", "*_arguments.py")
"""What is said to argparse, which prints it."""
ERRORS = (
    "DataError",
    "ProfileError",
    "QueryError",
    "RunError",
    "SettingsError",
    "Unsupported",
    "UserError",
)
MARKS = ("_", "Said", "counted", "in_context", "marked", "pgettext", "plural")
WORD = re.compile("[A-Za-z]{2,}")
WORDS = re.compile("[A-Za-z]{2,}[,.:;]? [A-Za-z]{2,}")
WORDING = {"_", "pgettext", "plural"}
"""What of `engine.language.texts` words a text at once, in the language of that moment."""
TEXTS = ("Joined", "Said", "counted", "filled", "in_context", "labelled", "listed")
"""What makes a text that is in no language yet."""
DOCUMENTS = ("course/readme.py", "experiments/tables.py", "report/page.py")
"""Write a page: what they put together is shown."""
PROGRAM = "yiwen"
"""Stands before every error, as programs name themselves."""
KEYS = {"not downloaded", "per character"}
"""Names of two words by which programs know a state and a score."""


def _nodes(*folders: Path) -> Iterator[tuple[Path, ast.AST]]:
    """Of the code in all files beneath, each with its file."""
    for folder in folders:
        for path in folder.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                yield path, node


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
        for path, string in _nodes(*FOLDERS)
        if isinstance(string, ast.JoinedStr)
        for text in _marked_texts(string)
    ]
    assert not hidden


def _is_error(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
        return False
    return node.func.id in ERRORS and isinstance(node.args[0], ast.JoinedStr)  # filled too early


def test_no_error_is_worded_past_the_catalogue() -> None:
    unmarked = [f"{path}:{node.lineno}" for path, node in _nodes(*FOLDERS) if _is_error(node)]
    assert not unmarked


def _unmarked(node: ast.AST) -> Iterator[ast.Constant]:
    """The texts in a piece of code that are not marked, but for docstrings, keys and JSON."""
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in (*MARKS, "dumps"):
            return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node
    docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    if not docstring and not isinstance(node, ast.Subscript | ast.keyword):
        for child in ast.iter_child_nodes(node):
            yield from _unmarked(child)


def _prints(node: ast.AST) -> bool:
    said = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return said and node.func.id in ("print", "input")


def test_no_word_is_printed_past_the_catalogue() -> None:
    printed = [
        f"{path}:{text.lineno}: {text.value}"
        for path, node in _nodes(COMMANDS)
        if _prints(node)
        for argument in node.args
        for text in _unmarked(argument)
        if WORD.search(text.value) and text.value.strip(": ") != PROGRAM
    ]
    assert not printed


def test_no_words_of_a_command_are_past_the_catalogue() -> None:
    """Wherever they are put together before they are printed."""
    unmarked = [
        f"{path}:{text.lineno}: {text.value}"
        for path in COMMANDS.rglob("*.py")
        if not any(map(path.match, GRAMMAR))
        for text in _unmarked(ast.parse(path.read_text()))
        if WORDS.search(text.value) and text.value not in KEYS
    ]
    assert not unmarked


def _imported(tree: ast.Module) -> Iterator[ast.AST]:
    """What is carried out while a module is imported: all but the bodies of its functions."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = [*node.decorator_list, *node.args.defaults, *node.args.kw_defaults]
            waiting += filter(None, given)
        elif not isinstance(node, ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def _wording(tree: ast.Module) -> set[str]:
    """Functions that word at once, as a module calls them."""
    return {
        name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == texts.__name__
        for name in node.names
        if name.name in WORDING
    }


def test_no_text_is_worded_while_a_module_is_imported() -> None:
    """One process may speak to a reader of each language."""
    worded = []
    for path in (path for folder in FOLDERS for path in folder.rglob("*.py")):
        tree = ast.parse(path.read_text())
        names = _wording(tree)
        worded += [
            f"{path}:{node.lineno}"
            for node in _imported(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in names
        ]
    assert not worded


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _called(node) in TEXTS


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _makes_strings(tree: ast.AST) -> Iterator[ast.AST]:
    """Where a text is made a string where it is put together: not in `__str__`, which shows."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Call) and _called(node) == "str" and any(map(_is_text, node.args)):
            yield node
        if isinstance(node, ast.FormattedValue) and _is_text(node.value):
            yield node
        if not (isinstance(node, ast.FunctionDef) and node.name == "__str__"):
            yield from _makes_strings(node)


def test_no_text_of_the_engine_is_made_a_string_before_it_is_shown() -> None:
    """Its language would be that of the moment, not of the reader."""
    engine_folder = FOLDERS[0]
    early = [
        f"{path}:{node.lineno}"
        for path in engine_folder.rglob("*.py")
        if path.relative_to(engine_folder).parts[0] not in {"cli", "language"}
        and path.relative_to(engine_folder).as_posix() not in DOCUMENTS
        for node in _makes_strings(ast.parse(path.read_text()))
    ]
    assert not early


def test_the_engine_says_texts_as_data_and_words_them_in_files_of_words() -> None:
    engine_folder = FOLDERS[0]
    worded = [
        str(path)
        for path in engine_folder.rglob("*.py")
        if path.relative_to(engine_folder).parts[0] not in {"cli", "language"}
        and not path.stem.endswith("words")
        and _wording(ast.parse(path.read_text()))
    ]
    assert not worded
