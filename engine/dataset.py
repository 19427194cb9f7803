"""Data files: read, check and describe pairs, with every mistake named by record or line.

Formats: the course's JSON (a list of `{id, instruction, output}`), JSON Lines of the same, TSV with a
header (`instruction output`, or `classical modern`, optionally `id source`) or bare
`instruction<TAB>output`, and parallel text as `source.txt,target.txt`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec import Struct

from engine import directions
from engine.directions import Direction
from engine.errors import DataError

TO_CLASSICAL = "翻譯成文言文：\n{text}"
TO_MODERN = "翻譯成現代文：\n{text}"
_SHOWN_MISTAKES = 20


class Pair(Struct, frozen=True):
    """One translation: what is asked, and the reference answer (empty where there is none)."""

    id: str
    instruction: str
    output: str = ""
    source: str = ""
    """Where the text comes from, e.g. book and chapter."""

    @property
    def direction(self) -> Direction:
        """文→白 or 白→文, as the instruction asks."""
        return directions.of_instruction(self.instruction)

    @property
    def source_text(self) -> str:
        """The sentence to translate, without the words that ask for it."""
        return directions.source_text(self.instruction)


@dataclass(frozen=True)
class Dataset:
    """The pairs of one file (or of two parallel ones)."""

    path: str
    pairs: list[Pair]
    sha256: str
    """Of the file's bytes, so that a run can name exactly what it used."""
    skipped: list[str] = field(default_factory=list)
    """What was passed over, one line each: bad records if asked to skip them, blank lines."""

    def count_directions(self) -> dict[Direction, int]:
        """Pairs per direction, most first."""
        return dict(Counter(pair.direction for pair in self.pairs).most_common())


def read(path: str | Path, *, skip_bad: bool = False, need_output: bool = True) -> Dataset:
    """Read a data file.

    `need_output` False accepts pairs without output (a test file handed out without answers).
    Raises DataError with all mistakes (the first 20), unless `skip_bad`, when bad records are
    left out and listed in `skipped`.
    """
    files = [Path(part) for part in str(path).split(",") if part]
    texts = [_text(file) for file in files]
    if len(files) == 2:
        records = _parallel(files, texts)
    elif len(files) != 1:
        raise DataError(f"{path}: expected one file, or two parallel ones as source.txt,target.txt")
    else:
        readers = {".json": _json, ".jsonl": _json_lines, ".tsv": _tsv}
        reader = readers.get(files[0].suffix.lower())
        if reader is None:
            raise DataError(
                f"{path}: unknown kind of file '{files[0].suffix}'; expected .json, .jsonl, .tsv, "
                "or two text files as source.txt,target.txt"
            )
        records = reader(files[0], texts[0])
    pairs, bad, blank = _check(records, need_output)
    if bad and not skip_bad:
        more = f"\n… and {len(bad) - _SHOWN_MISTAKES} more" if len(bad) > _SHOWN_MISTAKES else ""
        shown = "\n".join(f"{path}: {line}" for line in bad[:_SHOWN_MISTAKES])
        raise DataError(f'{shown}{more}\nMend them, or set data.bad_records = "skip".')
    if not pairs:
        raise DataError(f"{path}: holds no pairs")
    digest = hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()
    return Dataset(str(path), pairs, digest, bad + blank)


@dataclass(frozen=True)
class _Record:
    place: str
    value: Any
    """A dict of fields; a str is a mistake already worded; None a blank line."""


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise DataError(f"{path}: is UTF-16; save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path}: line {line}: not UTF-8 (byte 0x{raw[error.start]:02x}){_guess(raw)}; "
            "save it as UTF-8"
        ) from None


def _guess(raw: bytes) -> str:
    for encoding, name in (("big5", "Big5"), ("gb18030", "GB18030")):
        try:
            raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return f", perhaps {name}"
    return ""


def _json(path: Path, text: str) -> Iterator[_Record]:
    try:
        items = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path}: line {error.lineno}, column {error.colno}: broken JSON: {error.msg}"
        ) from None
    except RecursionError:
        raise DataError(f"{path}: broken JSON: nested too deeply") from None
    if not isinstance(items, list):
        raise DataError(f"{path}: expected a JSON list of records, found {_kind(items)}")
    for number, item in enumerate(items, 1):
        yield _Record(f"record {number}", item)


def _json_lines(path: Path, text: str) -> Iterator[_Record]:
    for number, line in enumerate(text.split("\n"), 1):
        place = f"line {number}"
        if not line.strip():
            if number <= text.count("\n"):
                yield _Record(place, None)
            continue
        try:
            yield _Record(place, json.loads(line))
        except (json.JSONDecodeError, RecursionError) as error:
            yield _Record(place, f"broken JSON: {getattr(error, 'msg', error)}")


def _tsv(path: Path, text: str) -> Iterator[_Record]:
    rows = csv.reader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)
    header: list[str] | None = None
    for number, cells in enumerate(rows, 1):
        place = f"line {number}"
        if number == 1:
            names = [cell.strip().lower() for cell in cells]
            if {"instruction", "output"} <= set(names) or {"classical", "modern"} <= set(names):
                header = names
                continue
            header = ["instruction", "output"]
        assert header is not None
        if not any(cell.strip() for cell in cells):
            yield _Record(place, None)
        elif len(cells) != len(header):
            yield _Record(place, f"found {len(cells)} columns, expected {len(header)}")
        else:
            row = {name: cell.replace("\\n", "\n") for name, cell in zip(header, cells)}
            yield _Record(place, _from_columns(row, number))


def _from_columns(row: dict[str, str], number: int) -> dict[str, str]:
    """A TSV row as a record; classical/modern columns are asked for in the two directions in turn."""
    row.setdefault("id", str(number))
    if "classical" in row:
        sides = row.pop("classical"), row.pop("modern")
        form = TO_MODERN if number % 2 == 0 else TO_CLASSICAL
        source, row["output"] = sides if number % 2 == 0 else sides[::-1]
        row["instruction"] = form.format(text=source) if source.strip() else ""
    return row


def _parallel(files: list[Path], texts: list[str]) -> Iterator[_Record]:
    """Two files, line by line; the more modern-looking one is taken as the modern side."""
    source, target = (text.removesuffix("\n").split("\n") for text in texts)
    if len(source) != len(target):
        raise DataError(
            f"{files[0]} has {len(source)} lines, {files[1]} has {len(target)}: they must be parallel"
        )
    into_classical = directions.modernness(texts[0]) > directions.modernness(texts[1])
    form = TO_CLASSICAL if into_classical else TO_MODERN
    for number, (left, right) in enumerate(zip(source, target), 1):
        if not left.strip() and not right.strip():
            yield _Record(f"line {number}", None)
            continue
        instruction = form.format(text=left.strip()) if left.strip() else ""
        yield _Record(
            f"line {number}", {"id": str(number), "instruction": instruction, "output": right.strip()}
        )


def _check(
    records: Iterable[_Record], need_output: bool
) -> tuple[list[Pair], list[str], list[str]]:
    """Good pairs, mistakes, and blank lines."""
    pairs: list[Pair] = []
    bad: list[str] = []
    blank: list[str] = []
    seen: dict[str, str] = {}
    for record in records:
        if record.value is None:
            blank.append(f"{record.place}: blank line")
            continue
        mistake = _mistake(record.value, need_output)
        if not mistake:
            key = str(record.value["id"])
            if key in seen:
                mistake = f"id: '{key}' was used by {seen[key]} already"
            seen.setdefault(key, record.place)
        if mistake:
            bad.append(f"{record.place}: {mistake}")
            continue
        value = record.value
        pairs.append(
            Pair(
                id=str(value["id"]),
                instruction=value["instruction"],
                output=value.get("output") or "",
                source=str(value.get("source") or ""),
            )
        )
    return pairs, bad, blank


def _mistake(value: Any, need_output: bool) -> str:
    """What is wrong with one record, or nothing."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return f"found {_kind(value)}, expected an object with id, instruction and output"
    for key in ("id", "instruction", "output") if need_output else ("id", "instruction"):
        if key not in value:
            return f"{key}: missing"
    if not isinstance(value["id"], (str, int)):
        return f"id: found {_kind(value['id'])}, expected a text or a whole number"
    for key in ("instruction", "output"):
        if key == "output" and not need_output and value.get(key) is None:
            continue
        if not isinstance(value[key], str):
            return f"{key}: found {_kind(value[key])}, expected a text"
        if not value[key].strip() and (key == "instruction" or need_output):
            return f"{key}: empty"
    return ""


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return "nothing" if value is None else names.get(type(value), "a number")
