"""Kinds of data file: each that is named is read or written, and help, picker, refusal name all."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import engine
import tui
from engine.cli import data_arguments
from engine.data import file_kinds, formats, records
from engine.language.errors import DataError


def test_each_kind_has_its_reader_or_writer_and_no_other_has() -> None:
    assert tuple(formats.READERS) == file_kinds.READ
    assert tuple(records.WRITERS) == file_kinds.WRITTEN


def test_a_kind_that_is_not_known_is_told_all_that_are(tmp_path: Path) -> None:
    path = tmp_path / "pairs.docx"
    path.write_text("x", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        next(iter(formats.read_records([path])))
    assert ", ".join(file_kinds.READ) in str(caught.value)
    with pytest.raises(DataError) as caught:
        records.check_free(path, force=True)
    assert all(kind in str(caught.value) for kind in file_kinds.WRITTEN)


def test_the_help_of_the_commands_names_all() -> None:
    assert all(kind in data_arguments._FILE for kind in file_kinds.READ)


def test_nobody_keeps_a_list_of_kinds_beside_this_one() -> None:
    lists = [
        f"{path.name}:{node.lineno}"
        for package in (engine, tui)
        for path in Path(package.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Tuple | ast.List | ast.Set)
        and {part.value for part in node.elts if isinstance(part, ast.Constant)} >= {".jsonl"}
    ]
    assert {place.partition(":")[0] for place in lists} == {"file_kinds.py"}
