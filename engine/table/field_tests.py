"""A field of a row held against what was typed in a query: which there are, and when they fit."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from engine.language.errors import UserError
from engine.language.plain_text import one_line
from engine.language.said import listed
from engine.machine.checked_toml import nearest
from engine.profile.schema import Profile
from engine.prompts.strategies import STRATEGIES
from engine.run.summary import Status
from engine.table.catalog import Row
from engine.table.columns import COLUMNS

Test = Callable[[Row], bool]
_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_ALIASES = {"ppl": "perplexity", "tags": "tag", "seconds": "time", "run": "id", "file": "test"}
_TEXTS: dict[str, Callable[[Row], Any]] = {
    "tag": lambda row: list(row.notes.tags),
    "name": lambda row: row.notes.name,
    "note": lambda row: row.notes.note,
    "job": lambda row: row.settings.job,
    "git": lambda row: row.settings.git,
    "message": lambda row: str(row.summary.message),
    "sha256": lambda row: [file.sha256 for file in row.settings.data.values()],
}
_KNOWN = {
    "status": [one.value for one in Status],
    "strategy": STRATEGIES,
    "job": ["train", "evaluate", "predict"],
}
"""All that these fields can hold: another word is a slip."""
_NUMBERS = frozenset(key for key, column in COLUMNS.items() if column.right)


class QueryError(UserError):
    """A query that says nothing definite; the message names the place."""


def field_test(field: str, sign: str, options: Sequence[str], place: int) -> Test:
    """`field<1`: does any of the options hold? Raises QueryError, which names the place."""
    key = field.casefold()
    options = [option for option in options if option]
    if not options:
        raise QueryError(
            "character {place}: {field}{sign} needs a value after it",
            place=place,
            field=field,
            sign=sign,
        )
    if "." in key:
        return _any(_setting_reader(field, place), field, sign, options, place)
    name = _ALIASES.get(key, key)
    if name in _TEXTS:
        read = _TEXTS[name]
        return _any(read, field, sign, options, place)
    if name in COLUMNS:
        return _any(COLUMNS[name].value, field, sign, options, place)
    known = [*COLUMNS, *_TEXTS, *_ALIASES]
    raise QueryError(
        "character {place}: '{field}' is no field{nearest}; there are {known}, and "
        "settings such as lora.rank",
        place=place,
        field=one_line(field),
        nearest=nearest(field, known),
        known=listed(dict.fromkeys([*COLUMNS, *_TEXTS])),
    )


def _setting_reader(field: str, place: int) -> Callable[[Row], Any]:
    """Reads a setting by its dotted key; that there is one of this name is checked here."""
    section, _dot, key = field.partition(".")
    kinds = {one.name: one.type for one in msgspec.structs.fields(Profile)}
    sections = {
        name: kind.__struct_fields__
        for name, kind in kinds.items()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    }
    keys = [f"{name}.{one}" for name, ones in sections.items() for one in ones]
    if field not in keys:
        raise QueryError(
            "character {place}: '{field}' is no setting{nearest}",
            place=place,
            field=one_line(field),
            nearest=nearest(field, keys),
        )
    return lambda row: getattr(getattr(row.settings.profile, section), key)


def _any(
    read: Callable[[Row], Any], field: str, sign: str, options: Sequence[str], place: int
) -> Test:
    if sign == "!=":
        equal = _any(read, field, "=", options, place)
        return lambda row: not equal(row)
    if sign in ("<", "<=", ">", ">=") and len(options) > 1:
        raise QueryError(
            "character {place}: {field}{sign} takes one value, not {count}",
            place=place,
            field=field,
            sign=sign,
            count=len(options),
        )
    compares = [_comparison(field, sign, option, place) for option in options]

    def test(row: Row) -> bool:
        value = read(row)
        found = value if isinstance(value, list | tuple) else [value]
        return any(compare(one) for compare in compares for one in found)

    return test


def _comparison(field: str, sign: str, option: str, place: int) -> Callable[[Any], bool]:
    """How one value of a row is held against one value that was typed."""
    number = _number(option)
    wanted = option.casefold()
    name = _ALIASES.get(field.casefold(), field.casefold())
    known = _KNOWN.get(name, ())
    if known and sign in (":", "=") and not any(wanted in one or one in wanted for one in known):
        raise QueryError(
            "character {place}: {field} is never '{option}'{nearest}; it is one of {known}",
            place=place,
            field=field,
            option=one_line(option),
            nearest=nearest(wanted, known),
            known=listed(known),
        )
    if name in _NUMBERS and number is None:
        raise QueryError(
            "character {place}: {field} is a number, and '{option}' is none (a time may be "
            "90, 90s, 5m, 2h)",
            place=place,
            field=field,
            option=one_line(option),
        )

    def compare(value: Any) -> bool:
        if value is None:
            return False
        if isinstance(value, bool):
            value = str(value)
        if isinstance(value, int | float):
            return number is not None and _holds(value, sign, number)
        words = str(value).casefold()
        if sign == ":":
            return wanted in words
        return words == wanted if sign == "=" else _holds(words, sign, wanted)

    return compare


def _holds(value: Any, sign: str, wanted: Any) -> bool:
    if sign == "<":
        return bool(value < wanted)
    if sign == "<=":
        return bool(value <= wanted)
    if sign == ">":
        return bool(value > wanted)
    if sign == ">=":
        return bool(value >= wanted)
    return math.isclose(value, wanted, rel_tol=1e-9)


def _number(typed: str) -> float | None:
    duration = _DURATION.fullmatch(typed)
    if duration:
        return float(duration[1]) * _SECONDS[duration[2]]
    try:
        value = float(typed)
    except ValueError:
        return None
    return None if math.isnan(value) else value
