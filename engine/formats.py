"""File formats of data: from bytes to records that are yet to be checked.

The course's JSON (a list of `{id, instruction, output}`), JSON Lines of the same, TSV with a header
(`instruction output`, or `classical modern`, optionally `id source output_repaired`) or bare
`sentence<TAB>translation` (or `instruction<TAB>output`), and parallel text as
`source.txt,target.txt`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import directions
from engine.errors import DataError
from engine.language import _, plural

TO_CLASSICAL = "翻譯成文言文：\n{text}"
TO_MODERN = "翻譯成現代文：\n{text}"


@dataclass(frozen=True)
class Record:
    """What stands at one place of a file."""

    place: str
    value: Any
    """A dict of fields; a str is a mistake already worded; None a blank line."""


def files_of(path: str | Path) -> list[Path]:
    """The file that a path names, or the two parallel ones. Raises DataError."""
    files = [Path(part) for part in str(path).split(",") if part]
    if len(files) not in (1, 2):
        raise DataError(
            _("{path}: expected one file, or two parallel ones as source.txt,target.txt").format(
                path=path
            )
        )
    return files


def read_records(files: list[Path]) -> Iterator[Record]:
    """What a file, or two parallel ones, hold. Raises DataError."""
    texts = [read_text(file) for file in files]
    if len(files) == 2:
        return read_parallel(files, texts)
    readers = {".json": read_json, ".jsonl": read_json_lines, ".tsv": read_tsv}
    reader = readers.get(files[0].suffix.lower())
    if reader is None:
        raise DataError(
            _(
                "{first}: unknown kind of file '{suffix}'; expected .json, .jsonl, .tsv, or two "
                "text files as source.txt,target.txt"
            ).format(first=files[0], suffix=files[0].suffix)
        )
    return reader(files[0], texts[0])


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, with or without BOM. Raises DataError."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise DataError(_("{path}: no such file").format(path=path)) from None
    except OSError as error:
        raise DataError(
            _("{path}: cannot be read: {reason}").format(path=path, reason=error.strerror)
        ) from None
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise DataError(_("{path}: is UTF-16; save it as UTF-8").format(path=path))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(
            _("{path}: line {line}: not UTF-8 (byte 0x{byte:02x}){guess}; save it as UTF-8").format(
                path=path, line=line, byte=raw[error.start], guess=_guess(raw)
            )
        ) from None


def _guess(raw: bytes) -> str:
    for encoding, name in (("big5", "Big5"), ("gb18030", "GB18030")):
        try:
            raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return _(", perhaps {name}").format(name=name)
    return ""


def read_json(path: Path, text: str) -> Iterator[Record]:
    """A JSON list of records, as the course has it."""
    try:
        items = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(
            _("{path}: line {line}, column {column}: broken JSON: {reason}").format(
                path=path, line=error.lineno, column=error.colno, reason=error.msg
            )
        ) from None
    except RecursionError:
        raise DataError(_("{path}: broken JSON: nested too deeply").format(path=path)) from None
    if not isinstance(items, list):
        raise DataError(
            _("{path}: expected a JSON list of records, found {found}").format(
                path=path, found=kind_of(items)
            )
        )
    for number, item in enumerate(items, 1):
        yield Record(_("record {number}").format(number=number), item)


def read_json_lines(path: Path, text: str) -> Iterator[Record]:
    """One JSON object a line."""
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        place = _("line {number}").format(number=number)
        if not line.strip():
            yield Record(place, None)
            continue
        try:
            yield Record(place, json.loads(line))
        except (json.JSONDecodeError, RecursionError) as error:
            yield Record(
                place, _("broken JSON: {reason}").format(reason=getattr(error, "msg", error))
            )


def read_tsv(path: Path, text: str) -> Iterator[Record]:
    """Tab-separated columns, with a header or as `instruction<TAB>output`; no quoting."""
    header: list[str] | None = None
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        cells = line.removesuffix("\r").split("\t")
        place = _("line {number}").format(number=number)
        if number == 1:
            names = [cell.strip().lower() for cell in cells]
            if {"instruction", "output"} <= set(names) or {"classical", "modern"} <= set(names):
                header = names
                continue
            header = ["bare", "output"]
        assert header is not None
        if not any(cell.strip() for cell in cells):
            yield Record(place, None)
        elif len(cells) != len(header):
            yield Record(
                place,
                plural(
                    "found {count} column, expected {expected}",
                    "found {count} columns, expected {expected}",
                    len(cells),
                ).format(count=len(cells), expected=len(header)),
            )
        else:
            row = {name: cell.replace("\\n", "\n") for name, cell in zip(header, cells)}
            yield Record(place, _from_columns(row, number))


def _from_columns(row: dict[str, str], number: int) -> dict[str, str]:
    """A TSV row as a record.

    Classical/modern columns are asked for in both directions in turn. Without a header, a sentence
    that asks for nothing is asked for in the direction of its translation.
    """
    row.setdefault("id", str(number))
    if "classical" in row:
        sides = row.pop("classical"), row.pop("modern")
        source, row["output"] = sides if number % 2 == 0 else sides[::-1]
        row["instruction"] = _asked(source, into_classical=number % 2 == 1)
    elif "bare" in row:
        source = row["instruction"] = row.pop("bare")
        if directions.of_instruction(source) == "unknown":
            row["instruction"] = _asked(source, _into_classical([source], [row["output"]]))
    return row


def _asked(source: str, into_classical: bool) -> str:
    """A sentence as an instruction; an empty one stays empty, and so is found out."""
    form = TO_CLASSICAL if into_classical else TO_MODERN
    return form.format(text=source.strip()) if source.strip() else ""


def _into_classical(source: list[str], target: list[str]) -> bool:
    """Is the source the modern side? By which of the two reads more modern, line by line."""
    return sum(map(directions.modernness, source)) > sum(map(directions.modernness, target))


def read_parallel(files: list[Path], texts: list[str]) -> Iterator[Record]:
    """Two files, line by line; the more modern-looking one is taken as the modern side."""
    source, target = (text.removesuffix("\n").split("\n") for text in texts)
    if len(source) != len(target):
        raise DataError(
            _("{first} has {source} lines, {second} has {target}; they must be parallel").format(
                first=files[0], source=len(source), second=files[1], target=len(target)
            )
        )
    into_classical = _into_classical(source, target)
    for number, (left, right) in enumerate(zip(source, target), 1):
        if not left.strip() and not right.strip():
            yield Record(_("line {number}").format(number=number), None)
            continue
        asked = _asked(left, into_classical)
        record = {"id": str(number), "instruction": asked, "output": right.strip()}
        yield Record(_("line {number}").format(number=number), record)


def kind_of(value: Any) -> str:
    """The JSON type of a value, in words."""
    names = {dict: _("an object"), list: _("a list"), str: _("a text"), bool: _("true or false")}
    return _("nothing") if value is None else names.get(type(value), _("a number"))
