"""Pairs, and data files checked record by record, with every mistake named by record or line."""

from __future__ import annotations

import hashlib
import re
import sys
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec import Struct

from engine.data import directions
from engine.data.directions import Direction
from engine.data.formats import kind_of, read_records
from engine.data.record import Record, Unit, place_name
from engine.language.errors import DataError
from engine.language.file_names import files_of, joined
from engine.language.said import Joined, Said, Words, labelled
from engine.machine import reading

_SHOWN_MISTAKES = 20
_HALF = re.compile("[\ud800-\udfff]")


class Pair(Struct, frozen=True, gc=False):
    """One translation: what is asked, and the reference answer (empty where there is none)."""

    id: str
    instruction: str
    output: str = ""
    source: str = ""
    """Where the text comes from, e.g. book and chapter."""
    repaired: str = ""
    """The output without damage by conversion (`output_repaired`): a second reference."""
    has_number: bool = False
    """Is the id a whole number in the file?"""

    @property
    def own_id(self) -> str | int:
        """The id as the file has it."""
        return int(self.id) if self.has_number else self.id

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
    skipped: list[Words] = field(default_factory=list)
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
    files = files_of(path)
    found = check(read_records(files), need_output=need_output)
    bad = found.mistakes
    if bad and not skip_bad:
        more = (
            Said("\n… and {count} more", count=len(bad) - _SHOWN_MISTAKES)
            if len(bad) > _SHOWN_MISTAKES
            else ""
        )
        shown = Joined("\n", [labelled(path, line) for line in bad[:_SHOWN_MISTAKES]])
        raise DataError(
            '{shown}{more}\nMend them, or set data.bad_records = "skip".', shown=shown, more=more
        )
    if not found.pairs:
        why = (
            Said.counted(
                "; {count} record was skipped: {first}",
                "; {count} records were skipped, first {first}",
                len(bad),
                first=bad[0],
            )
            if bad
            else ""
        )
        raise DataError("{path}: holds no pairs{why}", path=path, why=why)
    return Dataset(joined(files), found.pairs, _digest(files), bad + found.blank)


def _digest(files: list[Path]) -> str:
    found = hashlib.sha256()
    for place, file in enumerate(files):
        found.update(b"\0" * (place > 0))
        with reading.open_regular(file) as opened:
            while block := opened.read(1 << 20):
                found.update(block)
    return found.hexdigest()


@dataclass
class Checked:
    """What a file's records come to."""

    pairs: list[Pair] = field(default_factory=list)
    unit: Unit = "record"
    """What the file's places are called."""
    numbers: array[int] = field(default_factory=lambda: array("L"))
    """Of each pair: its place."""
    values: list[dict[str, Any]] = field(default_factory=list)
    """Of each pair: all fields of its record, where they are kept."""
    mistakes: list[Words] = field(default_factory=list)
    blank: list[Words] = field(default_factory=list)


def check(
    records: Iterable[Record], *, need_output: bool = True, keep_values: bool = False
) -> Checked:
    """Turn records into pairs; every mistake is named by its place."""
    found = Checked()
    seen: dict[str, int] = {}
    for record in records:
        found.unit = record.unit
        if record.is_blank:
            found.blank.append(Said("{place}: blank line", place=record.place))
            continue
        mistake = record.mistake or _mistake(record.value, need_output)
        if not mistake:
            key = str(record.value["id"])
            if key in seen:
                mistake = Said(
                    "id: '{key}' was used by {place} already",
                    key=key,
                    place=place_name(record.unit, seen[key]),
                )
            seen.setdefault(key, record.number)
        if mistake:
            found.mistakes.append(labelled(record.place, mistake))
            continue
        found.numbers.append(record.number)
        if keep_values:
            found.values.append(record.value)
        found.pairs.append(_pair(record.value))
    return found


def _pair(value: dict[str, Any]) -> Pair:
    added = value.get("input") or ""
    return Pair(
        id=str(value["id"]),
        # Alpaca has the sentence apart from what is to be done with it, and joins them so.
        instruction=value["instruction"] + (f"\n{added}" if added.strip() else ""),
        output=value.get("output") or "",
        source=_source(value.get("source")),
        repaired=value.get("output_repaired") or "",
        has_number=isinstance(value["id"], int),
    )


def _source(value: Any) -> str:
    """Whatever a file says there: nothing hangs on it, so nothing of it is a mistake."""
    return sys.intern(str(value).encode(errors="replace").decode()) if value else ""


def _mistake(value: Any, need_output: bool) -> Words:
    """What is wrong with one record, or nothing."""
    if not isinstance(value, dict):
        return Said(
            "found {found}, expected an object with id, instruction and output",
            found=kind_of(value),
        )
    for key in ("id", "instruction", "output") if need_output else ("id", "instruction"):
        if key not in value:
            return Said("{key}: missing", key=key)
    if not isinstance(value["id"], (str, int)) or isinstance(value["id"], bool):
        return Said(
            "id: found {found}, expected a text or a whole number", found=kind_of(value["id"])
        )
    if isinstance(value["id"], str) and _holds_half_a_character(value["id"]):
        return Said("{key}: holds half a character (a lone surrogate)", key="id")
    for key in ("instruction", "output"):
        if key == "output" and not need_output and value.get(key) is None:
            continue
        if not isinstance(value[key], str):
            return Said("{key}: found {found}, expected a text", key=key, found=kind_of(value[key]))
        if _holds_half_a_character(value[key]):
            return Said("{key}: holds half a character (a lone surrogate)", key=key)
        if not value[key].strip() and (key == "instruction" or need_output):
            return Said("{key}: empty", key=key)
    return _mistake_beside(value)


def _mistake_beside(value: dict[str, Any]) -> Words:
    """What is wrong with the fields that may be there."""
    for key in ("output_repaired", "input"):
        found = value.get(key)
        if not isinstance(found, str | None):
            return Said("{key}: found {found}, expected a text", key=key, found=kind_of(found))
        if found and _holds_half_a_character(found):
            return Said("{key}: holds half a character (a lone surrogate)", key=key)
    for key in ("system", "history"):
        if value.get(key):
            return Said(
                "{key}: is not shown to the model; take it out (a text that stands before every "
                "pair belongs in the profile, prompt.system)",
                key=key,
            )
    return ""


def _holds_half_a_character(text: str) -> bool:
    return _HALF.search(text) is not None
