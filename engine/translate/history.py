"""What was translated, kept between sessions: a line of JSON for each exchange, found again by
words, and the accepted ones written as a data file of the course's kind.

A later line of the same id takes the place of an earlier one, so nothing is ever rewritten.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from engine.language.errors import UserError, cannot_write, reason_of
from engine.machine import reading, regular_files, turns
from engine.machine.files import write_atomically
from engine.machine.paths import in_full, state_folder

MOST = 5000
"""Exchanges read back, the newest."""
_BYTES = 32 << 20
"""Read from the end of the file."""


class Answer(Struct, frozen=True):
    """What one model made of it."""

    model: str
    output: str
    reason: str = ""
    """How it ended: stop, length, cancelled, or what went wrong."""
    temperature: float = 0.0
    reference_perplexity: float | None = None
    """That the model gives to the exchange's reference."""


class Exchange(Struct, frozen=True):
    """A text, its translations, and which one was accepted."""

    id: str
    at: str
    """Local time with zone, ISO 8601."""
    text: str
    """As typed."""
    instruction: str
    """As the model was told."""
    direction: str
    answers: tuple[Answer, ...] = ()
    reference: str = ""
    accepted: str = ""
    """The translation that was accepted, edited or not."""


def path() -> Path:
    """Where they are kept."""
    return state_folder() / "translations.jsonl"


def keep(exchange: Exchange) -> None:
    """Add a line; only the user may read it. Raises UserError."""
    file = path()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        handle = regular_files.descriptor(file, flags, follow=True, mode=0o600)
        try:
            # A line that was torn must not spoil this one.
            is_whole = regular_files.ends_with_newline(file, follow=True)
            line = (b"" if is_whole else b"\n") + msgspec.json.encode(exchange) + b"\n"
            while line:
                line = line[os.write(handle, line) :]
        finally:
            os.close(handle)
    except OSError as error:
        raise UserError(cannot_write(file, error)) from None


def read() -> list[Exchange]:
    """The newest exchanges, newest first; lines that cannot be read are passed over."""
    try:
        with reading.open_regular(path(), reading.ANY) as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - _BYTES))
            lines = file.read().split(b"\n")
    except OSError:
        return []
    decoder = msgspec.json.Decoder(Exchange)
    found: dict[str, Exchange] = {}
    for line in lines:
        try:
            exchange = reading.json_line(line, decoder)
        except ValueError:
            continue
        found[exchange.id] = exchange
    return list(found.values())[::-1][:MOST]


def find(exchanges: Iterable[Exchange], words: str) -> list[Exchange]:
    """Those in which every word occurs: in text, answers, reference or models' names."""
    wanted = words.casefold().split()
    return [one for one in exchanges if all(word in _searched(one) for word in wanted)]


def _searched(exchange: Exchange) -> str:
    answers = (part for answer in exchange.answers for part in (answer.output, answer.model))
    parts = (exchange.text, exchange.accepted, exchange.reference, exchange.at, *answers)
    return "\n".join(parts).casefold()


def export(exchanges: Sequence[Exchange], target: str) -> int:
    """Add accepted translations to a data file (course JSON); returns how many are new in it.

    What the file holds already stays; the same instruction with the same output is not added again.
    Raises UserError.
    """
    file = in_full(target)
    if file.suffix.lower() != ".json":
        raise UserError("{file}: a data file of this kind ends in .json", file=file)
    try:
        with turns.alone(file):
            return _add(exchanges, file)
    except OSError as error:
        raise UserError(cannot_write(file, error)) from None


def _add(exchanges: Sequence[Exchange], file: Path) -> int:
    records = _records(file)
    there = {(record.get("instruction"), record.get("output")) for record in records}
    added = 0
    for exchange in exchanges:
        pair = exchange.instruction, exchange.accepted
        if exchange.accepted and pair not in there:
            there.add(pair)
            added += 1
            records.append({"id": f"kept-{exchange.id}", "instruction": pair[0], "output": pair[1]})
    content = json.dumps(records, ensure_ascii=False, indent=1) + "\n"
    write_atomically(file, content.encode())
    return added


def _records(file: Path) -> list[dict[str, Any]]:
    try:
        found = reading.json_value(reading.read_bytes(file, reading.LARGE))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise UserError(
            "{file}: cannot be read: {error}; name another file", file=file, error=reason_of(error)
        ) from None
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise UserError("{file}: is no list of records; name another file", file=file)
    return found
