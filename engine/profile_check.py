"""Checks a TOML table against a Struct and words every mistake: key, found, expected."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable
from typing import Any, TypeVar, cast

import msgspec
import msgspec.inspect as inspect
import tomli

from engine.language import _

T = TypeVar("T", bound=msgspec.Struct)
_UNSET: Any = object()
_OUT_OF_REACH = 1_000_000
"""A bound as high keeps libraries from failing; it says nothing of what the number is for."""
_STRAY_QUOTE = re.compile(r"""["'].*|.*["']""")
"""A line with one at an end only, or more text after the one that closes; texts of several lines
(prompts, mostly) are taken as they are."""


def convert(table: Any, cls: type[T], mistakes: list[str], prefix: str = "") -> T:
    """Make a `cls` of a table, adding a line to `mistakes` for each thing that is wrong.

    The value is of use only if no mistake was added.
    """
    fields = {field.name: field for field in msgspec.structs.fields(cls)}
    if not isinstance(table, dict):
        mistakes.append(
            _("{key}: found {found}, expected {expected}").format(
                key=prefix.rstrip("."), found=_shown(table), expected=_("a table")
            )
        )
        return cast("T", _UNSET)
    for key in [key for key in table if key not in fields]:
        mistakes.append(
            _("{key}: unknown key{nearest}").format(key=prefix + key, nearest=nearest(key, fields))
        )
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in table:
            values[name] = _value(table[name], field.type, mistakes, prefix + name)
        elif field.required:
            mistakes.append(
                _("{key}: missing; expected {expected}").format(
                    key=prefix + name, expected=_expected(field.type)
                )
            )
    if any(value is _UNSET for value in values.values()) or mistakes:
        return cast("T", _UNSET)
    return cls(**values)


def _value(found: Any, expected: Any, mistakes: list[str], key: str) -> Any:
    if isinstance(expected, type) and issubclass(expected, msgspec.Struct):
        return convert(found, expected, mistakes, key + ".")
    try:
        value = msgspec.convert(found, expected)
        if isinstance(value, float) and not math.isfinite(value):
            raise msgspec.ValidationError
        return value
    except msgspec.ValidationError:
        mistakes.append(
            _("{key}: found {found}, expected {expected}").format(
                key=key, found=_shown(found), expected=_expected(expected, found)
            )
        )
        return _UNSET


def apply_overrides(table: dict[str, Any], overrides: dict[str, str]) -> list[str]:
    """Write `section.key = value` pairs, typed as in TOML (else as plain text), into a table."""
    mistakes = []
    for dotted, text in overrides.items():
        *sections, key = dotted.split(".")
        target: Any = table
        for section in sections:
            target = target.setdefault(section, {}) if isinstance(target, dict) else None
        if not isinstance(target, dict) or not key:
            mistakes.append(_("{key}: not a key; expected section.key=value").format(key=dotted))
            continue
        try:
            target[key] = tomli.loads(f"value = {text}")["value"]
        except tomli.TOMLDecodeError:
            if _STRAY_QUOTE.fullmatch(text):
                mistakes.append(
                    _("{key}: found {found}, expected a text, quoted whole or not at all").format(
                        key=dotted, found=text
                    )
                )
            target[key] = text
    return mistakes


def part_mistakes(text: str, parts: list[str], needed: str) -> list[str]:
    """What is wrong with the {parts} of a prompt form."""
    found = re.findall(r"\{([a-z_]+)\}", text)
    wrong = [
        _("unknown part {{{name}}}{nearest}; parts are {parts}").format(
            name=name, nearest=nearest(name, parts), parts=" ".join(f"{{{p}}}" for p in parts)
        )
        for name in found
        if name not in parts
    ]
    if needed not in found:
        wrong.append(
            _("found {found}, expected a text with the part {{{needed}}}").format(
                found=_shown(text), needed=needed
            )
        )
    return wrong


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the known word that looks most alike, or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return _("; did you mean '{word}'?").format(word=close[0]) if close else ""


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value)  # JSON has no nan and no inf
    text = msgspec.json.encode(value, enc_hook=str).decode()
    return text if len(text) <= 60 else text[:57] + "…"


def _expected(kind: Any, found: Any = None) -> str:
    return _describe(inspect.type_info(kind), found)


def _describe(info: Any, found: Any) -> str:
    """A type in words, with the bounds that matter for what was found."""
    if isinstance(info, inspect.UnionType):
        return _(" or ").join(_describe(option, found) for option in info.types)
    if isinstance(info, inspect.LiteralType):
        return _(" or ").join(f'"{value}"' for value in info.values)
    if isinstance(info, inspect.IntType):
        return _bounded(_("a whole number"), info, found)
    if isinstance(info, inspect.FloatType):
        return _bounded(_("a number"), info, found)
    if isinstance(info, inspect.BoolType):
        return _("true or false")
    if isinstance(info, inspect.VarTupleType):
        return _("a list of texts")
    if isinstance(info, inspect.StructType):
        return _("a table")
    is_needed = getattr(info, "min_length", None)
    return _("a text that is not empty") if is_needed else _("a text")


def _bounded(kind: str, info: Any, found: Any) -> str:
    """Numbers within bounds; one that nobody reaches by intent is named where it was passed."""
    low, above, high = info.ge, info.gt, info.le
    if low is not None and high is not None and high < _OUT_OF_REACH:
        return _("{kind} from {low} to {high}").format(kind=kind, low=low, high=high)
    if high is not None and isinstance(found, int | float) and found > high:
        return _("{kind} of at most {high}").format(kind=kind, high=f"{high:,}")
    if low is not None:
        return _("{kind} of at least {low}").format(kind=kind, low=low)
    return _("{kind} above {low}").format(kind=kind, low=above) if above is not None else kind
