"""File formats of data: from bytes to records that are yet to be checked.

The course's JSON (a list of `{id, instruction, output}`), JSON Lines of the same, TSV or CSV with a
header (`instruction output`, or `classical modern`, optionally `id source output_repaired`) or bare
`sentence<TAB>translation` (or `instruction<TAB>output`), and parallel text as
`source.txt,target.txt`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from engine.data import columns, file_kinds, spreadsheet, text_file
from engine.data.columns import TO_CLASSICAL, TO_MODERN
from engine.data.json_list import JsonList
from engine.data.record import Record
from engine.language.errors import DataError
from engine.language.file_names import files_of
from engine.language.said import Said, labelled
from engine.machine import reading

__all__ = ["TO_CLASSICAL", "TO_MODERN", "Record", "files_of", "kind_of", "read_records"]


def read_records(files: list[Path]) -> Iterator[Record]:
    """What a file, or two parallel ones, hold. Raises DataError, also while they are read."""
    if len(files) == 2:
        return read_parallel(files)
    reader = READERS.get(files[0].suffix.lower())
    if reader is not None:
        return reader(files[0])
    for _part in text_file.parts(files[0]):  # it may say itself what it is
        break
    raise DataError(
        "{first}: unknown kind of file '{suffix}'; expected {kinds}, or two text files as "
        "source.txt,target.txt",
        first=files[0],
        suffix=files[0].suffix,
        kinds=", ".join(file_kinds.READ),
    )


def read_json(path: Path) -> Iterator[Record]:
    """A JSON list of records, as the course has it."""
    found = JsonList(path, text_file.parts(path))
    if found.begins_with() != "[":
        raise DataError(labelled(path, _no_list(found)))
    for number, item in enumerate(found, 1):
        yield Record(number, "record", item)


def _no_list(found: JsonList) -> Said:
    if not found.begins_with():
        return Said("is empty")
    first = found.value()
    if isinstance(first, dict) and found.begins_with() == "{":
        return Said("is JSON Lines, an object a line, under another name; call it .jsonl")
    return Said("expected a JSON list of records, found {found}", found=kind_of(first))


def read_json_lines(path: Path) -> Iterator[Record]:
    """One JSON object a line."""
    for number, line in enumerate(text_file.lines(path), 1):
        if not line.strip():
            yield Record(number, "line", is_blank=True)
            continue
        if number == 1 and line.lstrip().startswith("["):
            said = Said("is a JSON list, not an object a line; call it .json")
            raise DataError(labelled(path, said))
        try:
            yield Record(number, "line", reading.json_value(line))
        except ValueError as error:
            reason = getattr(error, "msg", error)
            yield Record(number, "line", mistake=Said("broken JSON: {reason}", reason=reason))


def read_parallel(files: list[Path]) -> Iterator[Record]:
    """Two files, line by line; the more modern-looking one is taken as the modern side."""
    source, target = (list(text_file.lines(file)) for file in files)
    if len(source) != len(target):
        raise DataError(
            "{first} has {source} lines, {second} has {target}; they must be parallel",
            first=files[0],
            source=len(source),
            second=files[1],
            target=len(target),
        )
    into_classical = columns.into_classical(source, target)
    for number, (left, right) in enumerate(zip(source, target), 1):
        if not left.strip() and not right.strip():
            yield Record(number, "line", is_blank=True)
            continue
        asked = columns.asked(left, into_classical)
        record = {"id": str(number), "instruction": asked, "output": right.strip()}
        yield Record(number, "line", record)


READERS: dict[str, Callable[[Path], Iterator[Record]]] = {
    ".json": read_json,
    ".jsonl": read_json_lines,
    ".tsv": spreadsheet.read,
    ".csv": spreadsheet.read,
}
"""By what `file_kinds` names."""


def kind_of(value: Any) -> Said:
    """The JSON type of a value, in words."""
    names = {
        dict: Said("an object"),
        list: Said("a list"),
        str: Said("a text"),
        bool: Said("true or false"),
    }
    return Said("nothing") if value is None else names.get(type(value), Said("a number"))
