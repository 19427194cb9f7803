"""Data files with every field of their records, so that a changed copy loses nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.data import dataset, file_kinds
from engine.data.dataset import Pair
from engine.data.formats import read_records
from engine.data.record import Unit, place_name
from engine.language.errors import DataError, cannot_write
from engine.language.file_names import files_of
from engine.language.said import Said, Words
from engine.machine.files import write_atomically

Fields = dict[str, Any]


@dataclass(frozen=True)
class DataFile:
    """A file's good pairs, and what else its records hold, side by side."""

    path: str
    pairs: list[Pair]
    mistakes: list[Words]
    """All of them, each with its place."""
    blank: list[Words]
    unit: Unit
    numbers: Sequence[int]
    """Where each pair stands in the file."""
    values: list[Fields]
    """All fields of each pair's record, if they were to be kept."""

    def place(self, at: int) -> Said:
        """Where a pair stands in the file, in words."""
        return place_name(self.unit, self.numbers[at])


def load(
    path: str, *, need_output: bool = True, allow_mistakes: bool = False, keep_values: bool = False
) -> DataFile:
    """Read a file. Mistakes are an error unless they may be, and so is a file of nothing good."""
    found = dataset.check(
        read_records(files_of(path)), need_output=need_output, keep_values=keep_values
    )
    if not allow_mistakes and found.mistakes:
        raise DataError(
            "{path}: {first}\n{count:,} such mistakes in all: yiwen data check lists them",
            path=path,
            first=found.mistakes[0],
            count=len(found.mistakes),
        )
    if not allow_mistakes and not found.pairs:
        raise DataError("{path}: holds no pairs", path=path)
    return DataFile(
        path, found.pairs, found.mistakes, found.blank, found.unit, found.numbers, found.values
    )


def check_free(path: Path, *, force: bool) -> None:
    """Can this file be written? Raises DataError: before long work rather than after it."""
    if path.suffix.lower() not in file_kinds.WRITTEN:
        raise DataError("{path}: pairs are written as .json (the course's) or .jsonl", path=path)
    if path.is_dir():
        raise DataError("{path}: is a folder", path=path)
    if path.exists() and not force:
        raise DataError(
            "{path}: exists already; choose another name, or overwrite with --force", path=path
        )


def _as_list(lines: list[str]) -> str:
    return "[\n " + ",\n ".join(lines) + "\n]\n" if lines else "[]\n"


def _as_lines(lines: list[str]) -> str:
    return "".join(line + "\n" for line in lines)


WRITERS: dict[str, Callable[[list[str]], str]] = {".json": _as_list, ".jsonl": _as_lines}
"""By what `file_kinds` names."""


def write(path: Path, records: Iterable[Fields], *, force: bool = False) -> None:
    """Write records as the course has them, or a line each; whole or not at all."""
    check_free(path, force=force)
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    text = WRITERS[path.suffix.lower()](lines)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode())
    except OSError as error:
        raise DataError(cannot_write(path, error)) from None
