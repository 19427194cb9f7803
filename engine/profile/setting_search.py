"""Finds settings by what one types: a part of the key, a short name, words of the explanation."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from engine.language.said import Words
from engine.profile.setting_list import Setting
from engine.profile.setting_names import NAMES


def find(settings: Sequence[Setting], typed: str) -> list[Setting]:
    """Those that are called so; else those with all the words in their names; else anywhere."""
    name = _folded(typed)
    words = name.split()
    called = [setting for setting in settings if name in _names(setting.key)]
    if called or not words:
        return called or list(settings)
    by_name = [one for one in settings if _has(" ".join(_names(one.key)), words)]
    return by_name or [
        one for one in settings if _has(" ".join((*_names(one.key), _folded(one.comment))), words)
    ]


def change_in(settings: Sequence[Setting], typed: str) -> tuple[str, str] | None:
    """`lr = 1e-4` as key and value; None if nothing is assigned."""
    name, equals, value = (part.strip() for part in typed.replace("＝", "=", 1).partition("="))
    if not equals:
        return None
    called = [setting.key for setting in settings if _folded(name) in _names(setting.key)]
    return (called[0] if called else name), value


def _names(key: str) -> list[str]:
    """Everything that a setting is called, the key without its section too."""
    return [_folded(one) for one in (key, key.partition(".")[2], *NAMES.get(key, ()))]


def _has(text: str, words: Sequence[str]) -> bool:
    return all(word in text for word in words)


def _folded(text: Words) -> str:
    """As letters of one width and case, with single spaces."""
    return " ".join(unicodedata.normalize("NFKC", str(text)).casefold().split())
