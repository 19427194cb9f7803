"""Checks a TOML table against a Struct and words every mistake: key, found, expected."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Iterable
from typing import Any, TypeVar, cast

import msgspec
import msgspec.inspect as inspect

from engine.language.said import Joined, Said, Words

T = TypeVar("T", bound=msgspec.Struct)
_UNSET: Any = object()
_LARGEST = (1 << 63) - 1
"""What TOML, torch and NumPy hold at most; also in a place without a bound."""
_OUT_OF_REACH = 1_000_000
"""A bound as high keeps libraries from failing; it says nothing of what the number is for."""


def convert(table: Any, cls: type[T], mistakes: list[Words], prefix: str = "") -> T:
    """Make a `cls` of a table, adding a line to `mistakes` for each thing that is wrong.

    The value is of use only if no mistake was added.
    """
    fields = {field.name: field for field in msgspec.structs.fields(cls)}
    if not isinstance(table, dict):
        mistakes.append(_mismatch(prefix.rstrip("."), table, Said("a table")))
        return cast("T", _UNSET)
    for key in [key for key in table if key not in fields]:
        mistakes.append(
            Said("{key}: unknown key{nearest}", key=prefix + key, nearest=nearest(key, fields))
        )
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in table:
            values[name] = checked(table[name], field.type, mistakes, prefix + name)
        elif field.required:
            words = Said("{key}: missing; expected {expected}", key=prefix + name)
            mistakes.append(words.filled(expected=_expected(field.type)))
    if any(value is _UNSET for value in values.values()) or mistakes:
        return cast("T", _UNSET)
    return cls(**values)


def types_of(cls: type[msgspec.Struct], prefix: str = "") -> dict[str, Any]:
    """The type of every key that is no table, by its name in full: `training.epochs`."""
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(cls):
        if _is_table(field.type):
            found |= types_of(field.type, f"{prefix}{field.name}.")
        else:
            found[prefix + field.name] = field.type
    return found


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def checked(found: Any, expected: Any, mistakes: list[Words], key: str) -> Any:
    """A value as its type; if it cannot be, `mistakes` gets a line that begins with `key`."""
    if _is_table(expected):
        return convert(found, expected, mistakes, key + ".")
    try:
        value = msgspec.convert(found, expected)
        if isinstance(value, float) and not math.isfinite(value):
            raise msgspec.ValidationError
        if isinstance(value, int) and abs(value) > _LARGEST:
            raise msgspec.ValidationError
        return value
    except (msgspec.ValidationError, UnicodeEncodeError):  # of an argument that is no UTF-8
        mistakes.append(_mismatch(key, found, _expected(expected, found)))
        return _UNSET


def part_mistakes(text: str, parts: list[str], needed: str) -> list[Said]:
    """What is wrong with the {parts} of a prompt form."""
    found = re.findall(r"\{([a-z_]+)\}", text)
    wrong = [
        Said(
            "unknown part {{{name}}}{nearest}; parts are {parts}",
            name=name,
            nearest=nearest(name, parts),
            parts=" ".join(f"{{{p}}}" for p in parts),
        )
        for name in found
        if name not in parts
    ]
    if needed not in found:
        lacking = Said("found {found}, expected a text with the part {{{needed}}}", needed=needed)
        wrong.append(lacking.filled(found=_shown(text)))
    return wrong


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.5) -> Words:
    """`; did you mean 'x'?` for the known word that looks most alike, or nothing.

    Words less alike than `cutoff`, a share from 0 to 1, are not meant.
    """
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff)
    return Said("; did you mean '{word}'?", word=close[0]) if close else ""


def _mismatch(key: str, found: Any, expected: Said) -> Said:
    shown = _shown(found)
    return Said(
        "{key}: found {found}, expected {expected}", key=key, found=shown, expected=expected
    )


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value)  # JSON has no nan and no inf
    # Not by msgspec: an argument that is no UTF-8 holds halves of characters.
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return text if len(text) <= 60 else text[:57] + "…"


def _expected(kind: Any, found: Any = None) -> Said:
    return _describe(inspect.type_info(kind), found)


def _describe(info: Any, found: Any) -> Said:
    """A type in words, with the bounds that matter for what was found."""
    if isinstance(info, inspect.UnionType):
        return Joined(Said(" or "), [_describe(option, found) for option in info.types])
    if isinstance(info, inspect.LiteralType):
        return Joined(Said(" or "), [f'"{value}"' for value in info.values])
    if isinstance(info, inspect.IntType):
        return _bounded(Said("a whole number"), info, found)
    if isinstance(info, inspect.FloatType):
        return _bounded(Said("a number"), info, found)
    if isinstance(info, inspect.BoolType):
        return Said("true or false")
    if isinstance(info, inspect.VarTupleType):
        return Said("a list of texts")
    if isinstance(info, inspect.StructType):
        return Said("a table")
    is_needed = getattr(info, "min_length", None)
    return Said("a text that is not empty") if is_needed else Said("a text")


def _bounded(kind: Said, info: Any, found: Any) -> Said:
    """Numbers within bounds; one that nobody reaches by intent is named where it was passed."""
    low, above, high = info.ge, info.gt, info.le
    if low is not None and high is not None and high < _OUT_OF_REACH:
        return Said("{kind} from {low} to {high}", kind=kind, low=low, high=high)
    if high is not None and isinstance(found, int | float) and found > high:
        return Said("{kind} of at most {high}", kind=kind, high=f"{high:,}")
    if low is not None:
        return Said("{kind} of at least {low}", kind=kind, low=low)
    return Said("{kind} above {low}", kind=kind, low=above) if above is not None else kind
