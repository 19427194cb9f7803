"""A JSON list of records, read one by one: a file of a million is never in memory whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from engine.language.errors import DataError
from engine.language.said import Said, Words, labelled

_SPACE = re.compile(r"[ \t\n\r]*")
_decode = json.JSONDecoder().raw_decode


class JsonList:
    """The values of a list, in order. Raises DataError, naming line and column."""

    def __init__(self, path: Path, parts: Iterable[str]) -> None:
        self._path, self._parts = path, iter(parts)
        self._text, self._at = "", 0
        self._line, self._column = 1, 1
        """Of the first character of `_text`."""
        self._more = 1

    def begins_with(self) -> str:
        """The first character that is no space; empty if there is none."""
        return self._peek()

    def __iter__(self) -> Iterator[Any]:
        if self._peek() != "[":
            yield from ()
            return
        self._at += 1
        if self._peek() == "]":
            self._at += 1
        else:
            yield from self._values()
        if self._peek():
            raise self._broken("Extra data", self._at)

    def value(self) -> Any:
        """The next value of any kind."""
        while True:
            try:
                found, end = _decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if not self._read_on():
                    raise self._broken(error.msg, error.pos) from None
                continue
            except RecursionError:
                raise DataError("{path}: broken JSON: nested too deeply", path=self._path) from None
            except ValueError:
                raise self._broken(Said("a number of too many digits"), self._at) from None
            if end == len(self._text) and self._read_on():
                continue  # a number may go on
            self._at, self._more = end, 1
            return found

    def _values(self) -> Iterator[Any]:
        while True:
            self._peek()
            yield self.value()
            sign = self._peek()
            if sign not in (",", "]"):
                raise self._broken("Expecting ',' delimiter", self._at)
            self._at += 1
            if sign == "]":
                return

    def _peek(self) -> str:
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._read_on():
                return ""

    def _read_on(self) -> bool:
        """Drop what is done with and add more; twice as much each time that did not do."""
        added = []
        for _count, part in zip(range(self._more), self._parts):
            added.append(part)
        if not added:
            return False
        self._more *= 2
        done = self._text[: self._at]
        self._line, self._column = self._place(self._at)
        self._text = self._text[len(done) :] + "".join(added)
        self._at = 0
        return True

    def _place(self, at: int) -> tuple[int, int]:
        """Line and column of a character of `_text`."""
        newlines = self._text.count("\n", 0, at)
        if not newlines:
            return self._line, self._column + at
        return self._line + newlines, at - self._text.rfind("\n", 0, at)

    def _broken(self, reason: Words, at: int) -> DataError:
        line, column = self._place(at)
        said = Said(
            "line {line}, column {column}: broken JSON: {reason}",
            line=line,
            column=column,
            reason=reason,
        )
        return DataError(labelled(self._path, said))
