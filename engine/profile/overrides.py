"""Settings given beside a profile, by `--set` or on a screen, and put over what its file says.

What is wrong with one is blamed on what was typed, never on the file.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

from engine.language.said import Said, Words
from engine.machine import reading
from engine.machine.checked_toml import checked, nearest, types_of
from engine.profile.schema import FROM_FILE, Profile

_LONGEST = 60
"""Characters of a setting that are repeated where it is wrong."""
_STRAY_QUOTE = re.compile(r"""["'].*|.*["']""")
"""A line with one at an end only, or more text after the one that closes; texts of several lines
(prompts, mostly) are taken as they are."""


def apply(table: dict[str, Any], overrides: Mapping[str, str]) -> list[Words]:
    """Write `section.key = value` pairs, typed as in TOML (else as plain text), into a table.

    Returns a line for each that is wrong, and leaves it out.
    """
    known = {key: kind for key, kind in types_of(Profile).items() if key not in FROM_FILE}
    mistakes: list[Words] = []
    for key, text in overrides.items():
        if key not in known:
            mistakes.append(_no_key(key, text, list(known)))
            continue
        section, _dot, name = key.rpartition(".")
        target = table.setdefault(section, {}) if section else table
        wrong: list[Words] = []
        value = _value(text, known[key], wrong, place(key, text))
        if not wrong and isinstance(target, dict):  # else the file's own mistake will be told
            target[name] = value
        mistakes += wrong
    _choose_what_is_named(table, overrides)
    return mistakes


def _choose_what_is_named(table: dict[str, Any], overrides: Mapping[str, str]) -> None:
    """Whoever names the examples wants these: `few_shot.choose` need not be said beside."""
    few_shot = table.get("few_shot")
    is_left_open = "few_shot.ids" in overrides and "few_shot.choose" not in overrides
    if is_left_open and isinstance(few_shot, dict) and few_shot.get("ids"):
        few_shot["choose"] = "ids"


def place(key: str, text: str) -> str:
    """Where a setting was given: `--set training.epochs=3`."""
    return f"--set {key}={text if len(text) <= _LONGEST else text[: _LONGEST - 1] + '…'}"


def without_option(message: str, overrides: Mapping[str, str]) -> str:
    """A message as it reads where settings are typed into a field, and none after `--set`."""
    for key, text in overrides.items():
        message = message.replace(place(key, text), key)
    return message


def _value(text: str, kind: Any, wrong: list[Words], given: str) -> Any:
    """What was typed, as the type of its key; of no use if it is `wrong`."""
    try:
        value = reading.toml(f"value = {text}")["value"]
    except ValueError:
        value = text
        if _STRAY_QUOTE.fullmatch(text):
            wrong.append(
                Said(
                    "{key}: found {found}, expected a text, quoted whole or not at all",
                    key=given,
                    found=text,
                )
            )
            return value
    return checked(value, kind, wrong, given)


def _no_key(key: str, text: str, known: list[str]) -> Said:
    """What is wrong with a setting whose name is not `known`."""
    given = place(key, text)
    if any(other.startswith(f"{key}.") for other in known):
        return Said(
            "{given}: a section; expected a key in it, {key}.KEY=VALUE", given=given, key=key
        )
    close = _nearest(key, known) or Said("; `yiwen profiles show tiny` lists all keys")
    return Said("{key}: unknown key{nearest}", key=given, nearest=close)


def _nearest(key: str, known: list[str]) -> Words:
    """`; did you mean 'training.epochs'?`, also where only the section is wrong or missing.

    By the last part first: whole names look alike by their section alone.
    """
    names = {other: other.rpartition(".")[2] for other in known}
    close = difflib.get_close_matches(key.rpartition(".")[2], names.values(), n=1, cutoff=0.5)
    return nearest(key, [other for other, name in names.items() if name in close], cutoff=0)
