"""A text for people that is in no language yet: what is said, and the values in its places.

Errors, cards, alarms, warnings and events carry such texts; `str` words one in the language of whom
it is shown to. They come out of files too, and what a file says is a stranger's word: only a name
in braces with a short format is filled, `{count:,}` or `{ratio:.2f}`, never an attribute or an
index, and what is read is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from engine.language import texts

_PLACE = re.compile(r"\{\{|\}\}|\{(\w+)(?::([ +]?[,_]?(?:\.\d{1,2})?[a-zA-Z%]?))?\}")
_LONGEST, _MOST_PLACES, _DEEPEST = 20_000, 64, 6
"""Characters of a text that is read, its places, and texts in places of texts."""


class Said:
    """One text, as it is written in English, and its places.

    A place may hold another one, a number, or anything that its `str` tells.
    """

    __slots__ = ("context", "many", "places", "text")

    def __init__(self, text: str, /, **places: object) -> None:
        self.text = text
        self.places: Mapping[str, object] = {
            name: of_error(value) if isinstance(value, BaseException) else value
            for name, value in places.items()
        }
        self.many = ""
        """The text for any count but one, where there are two; `count` is among the places then."""
        self.context = ""
        """A word that tells it from the same text elsewhere."""

    @classmethod
    def counted(cls, one: str, many: str, /, count: float, **places: object) -> Said:
        """One of two texts, by `count`, which is a place of both."""
        said = Said(one, count=count, **places)
        said.many = many
        return said

    @classmethod
    def in_context(cls, context: str, text: str, /, **places: object) -> Said:
        """A text that means other things elsewhere, told apart by a word of context."""
        said = Said(text, **places)
        said.context = context
        return said

    def filled(self, **places: object) -> Said:
        """The same with more of its places filled."""
        said = Said(self.text, **{**self.places, **places})
        said.many, said.context = self.many, self.context
        return said

    def __str__(self) -> str:
        return _filled(self._worded(), self.places) if self.places else self._worded()

    def _worded(self) -> str:
        if self.many:
            count = self.places.get("count")
            return texts.plural(
                self.text, self.many, count if isinstance(count, int | float) else 2
            )
        if self.context:
            return texts.pgettext(self.context, self.text)
        return texts._(self.text) if self.text else ""

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __repr__(self) -> str:
        return f"Said({self.text!r}, {dict(self.places)!r})"

    def __bool__(self) -> bool:
        return bool(self.text)

    def __eq__(self, other: object) -> bool:
        """Two that say the same; also a plain text that this one is read as."""
        if isinstance(other, Said):
            return self._parts() == other._parts()
        return str(self) == other if isinstance(other, str) else NotImplemented

    def __hash__(self) -> int:
        return hash(str(self))

    def __contains__(self, part: str) -> bool:
        return part in str(self)

    def _parts(self) -> tuple[object, ...]:
        return self.text, self.many, self.context, dict(self.places)


class Joined(Said):
    """Several texts with the same between each two of them: a list, or lines."""

    __slots__ = ("between", "parts")

    def __init__(self, between: Words, parts: Iterable[Words]) -> None:
        super().__init__("")
        self.between = between
        self.parts = tuple(parts)

    def __str__(self) -> str:
        return str(self.between).join(map(str, self.parts))

    def __bool__(self) -> bool:
        return bool(self.parts)

    def __repr__(self) -> str:
        return f"Joined({self.between!r}, {self.parts!r})"

    def _parts(self) -> tuple[object, ...]:
        return self.between, self.parts


Words: TypeAlias = "str | Said"
"""What a person reads: a text of ours, or one from outside as it stands."""


def labelled(name: object, words: object) -> Said:
    """What something is called (a place, a key), and what is said of it; the colon differs."""
    return Said("{name}: {words}", name=name, words=words)


def listed(parts: Iterable[Words]) -> Said:
    """Several things in a sentence, with commas between them."""
    return Joined(Said(", "), parts)


def lines(*parts: Words) -> Said:
    """Those that say something, one to a line."""
    return Joined("\n", filter(None, parts))


def english(words: Words) -> str:
    """As it is written, whoever reads it: for programs, and for records that outlive the reader."""
    if isinstance(words, Joined):
        return english(words.between).join(map(english, words.parts))
    if not isinstance(words, Said):
        return words
    places = {name: _said_by(value) for name, value in words.places.items()}
    text = words.many if words.many and places.get("count") != 1 else words.text
    inner = {
        name: english(value) if isinstance(value, Said) else value for name, value in places.items()
    }
    return _filled(text, inner) if inner else text


def _said_by(value: object) -> object:
    """What an error says, of one in a place."""
    said = getattr(value, "said", None)
    return said if isinstance(said, Said) else value


def pack(words: Words) -> Any:
    """As JSON: a text from outside as it is, one of ours with its places."""
    if isinstance(words, Joined):
        return {"between": pack(words.between), "parts": [pack(part) for part in words.parts]}
    if not isinstance(words, Said):
        return str(words)
    table: dict[str, Any] = {"text": words.text}
    if words.many:
        table["many"] = words.many
    if words.context:
        table["context"] = words.context
    if words.places:
        table["places"] = {name: _packed_place(value) for name, value in words.places.items()}
    return table


def _packed_place(value: object) -> Any:
    value = _said_by(value)
    if isinstance(value, Said):
        return pack(value)
    return value if isinstance(value, int | float) else str(value)


def unpack(found: Any, *, depth: int = 0) -> Words:
    """What `pack` wrote; of anything else its text, so that a strange file still says something."""
    if depth > _DEEPEST or not isinstance(found, dict):
        return str(found)[:_LONGEST]
    if isinstance(found.get("parts"), list):
        parts = [unpack(part, depth=depth + 1) for part in found["parts"][:_MOST_PLACES]]
        return Joined(unpack(found.get("between", ""), depth=depth + 1), parts)
    said = Said(str(found.get("text", ""))[:_LONGEST], **_places(found.get("places"), depth))
    said.many = str(found.get("many", ""))[:_LONGEST]
    said.context = str(found.get("context", ""))[:_LONGEST]
    return said


def _places(found: Any, depth: int) -> dict[str, object]:
    if not isinstance(found, dict):
        return {}
    kept = [(str(name), value) for name, value in list(found.items())[:_MOST_PLACES]]
    return {
        name: value if isinstance(value, int | float) else unpack(value, depth=depth + 1)
        for name, value in kept
    }


def of_error(error: BaseException) -> Words:
    """What an error says: kept itself it would keep alive all that its frames hold."""
    first = error.args[0] if len(error.args) == 1 else None
    return first if isinstance(first, Said) else str(error)


def _filled(text: str, places: Mapping[str, object]) -> str:
    """A text with its places filled; one that is not known stays as it is written."""

    def fill(place: re.Match[str]) -> str:
        name, spec = place[1], place[2] or ""
        if name is None:
            return place[0][0]  # a doubled brace
        if name not in places:
            return place[0]
        try:
            return format(places[name], spec)
        except (TypeError, ValueError, OverflowError):
            return str(places[name])

    return _PLACE.sub(fill, text)
