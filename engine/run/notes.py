"""notes.toml: the name, the tags and the note that people give a run; the one file they write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import tomli_w
from msgspec import Struct

from engine.language.errors import RunError, cannot_write, reason_of
from engine.language.plain_text import one_line, plain
from engine.language.said import Said, Words
from engine.machine import reading, regular_files, turns
from engine.machine.files import write_atomically

FILE = "notes.toml"
LONGEST_NAME = 80
LONGEST_TAG = 40
LONGEST_NOTE = 10_000
_SEPARATORS = re.compile(r"[\s,#]+")


class _Written(Struct, frozen=True):
    """What stands in the file."""

    name: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""


class Notes(Struct, frozen=True):
    """What people wrote about a run."""

    name: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    trouble: Words = ""
    """Why the file cannot be read; such a file is never written over."""

    @property
    def label(self) -> str:
        """Name and tags in one line: `second try #final`."""
        return " ".join([*filter(None, [self.name]), *(f"#{tag}" for tag in self.tags)])


NONE = Notes()


def read(folder: Path) -> Notes:
    """The notes in a run's folder. Never fails: of a file that cannot be read, see `trouble`."""
    path = folder / FILE
    try:
        found = reading.toml(regular_files.text(path))
    except FileNotFoundError:
        return NONE
    except (OSError, ValueError) as error:
        reason = reason_of(error)
        return Notes(trouble=Said("{path}: cannot be read: {error}", path=path, error=reason))
    try:
        notes = msgspec.convert(found, _Written)
    except msgspec.ValidationError as error:
        return Notes(trouble=Said("{path}: cannot be read: {error}", path=path, error=error))
    return clean(notes.name, notes.tags, notes.note)


def clean(name: str, tags: Iterable[str], note: str) -> Notes:
    """Notes without control characters, each tag a single word, in order and once."""
    words = (_SEPARATORS.sub("-", one_line(tag)).strip("-")[:LONGEST_TAG] for tag in tags)
    return Notes(
        name=one_line(name)[:LONGEST_NAME],
        tags=tuple(dict.fromkeys(filter(None, words))),
        note=plain(note).strip()[:LONGEST_NOTE],
    )


def split_tags(typed: str) -> list[str]:
    """The tags in what was typed, with spaces, commas or # between them."""
    return [tag for tag in _SEPARATORS.split(typed) if tag]


def change(folder: Path, edit: Callable[[Notes], Notes]) -> Notes:
    """Change the notes as they are now; keys of later versions are kept. Raises RunError.

    Several programs may do so at once, and none loses what another wrote. A file that cannot be
    read is left alone: what someone wrote by hand must not be lost.
    """
    path = folder / FILE
    try:
        with turns.alone(path):
            there = read(folder)
            if there.trouble:
                raise RunError("{trouble}; mend it by hand, or delete it", trouble=there.trouble)
            after = edit(there)
            after = clean(after.name, after.tags, after.note)
            if after != there:
                _write(path, after)
            return after
    except OSError as error:
        raise RunError(cannot_write(path, error)) from None


def merged(now: Notes, before: Notes, after: Notes) -> Notes:
    """What somebody made of notes that he read before, and others have changed meanwhile."""
    gone = set(before.tags) - set(after.tags)
    note = after.note if after.note != before.note else now.note
    if now.note not in (before.note, note):
        note = f"{now.note}\n\n{note}"
    return Notes(
        name=after.name if after.name != before.name else now.name,
        tags=tuple(tag for tag in (*now.tags, *after.tags) if tag not in gone),
        note=note,
    )


def _write(path: Path, notes: Notes) -> None:
    content: dict[str, Any] = {**_other_keys(path), "name": notes.name, "tags": list(notes.tags)}
    content["note"] = notes.note
    write_atomically(path, tomli_w.dumps(content, multiline_strings=True).encode())


def _other_keys(path: Path) -> dict[str, Any]:
    try:
        return reading.toml(regular_files.text(path))
    except FileNotFoundError:
        return {}
