"""The language of the interface: English as it is written here, or Traditional Chinese by gettext.

A program says which, as soon as it starts, by `speak`; one that does not speaks as the locale does.
Texts are marked with `_` (or `plural`, `pgettext`, `marked`) where they are written, whole
sentences with named places for values; the catalogue is locale/zh_TW/LC_MESSAGES/yiwen.po.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Mapping
from pathlib import Path

LOCALES = Path(__file__).resolve().parent / "locale"
_LANGUAGES = {"zh": "zh_TW"}
"""By the first letters of a locale: readers of any Chinese are better served by this one."""


def choose(wished: str, environment: Mapping[str, str] = os.environ) -> str:
    """The catalogue's name, empty for English. `wished` is the setting: auto, en or zh-TW."""
    locale = wished
    if wished == "auto":
        names = ("LC_ALL", "LC_MESSAGES", "LANG")
        locale = next((environment[name] for name in names if environment.get(name)), "")
    return _LANGUAGES.get(locale[:2].lower(), "")


_chosen: gettext.NullTranslations | None = None


def _(text: str) -> str:
    """A text in the language of the interface; under the empty one a catalogue keeps its head."""
    return _catalogue().gettext(text) if text else ""


def plural(one: str, many: str, count: float) -> str:
    """One of two texts, by a count, in the language of the interface."""
    return _catalogue().ngettext(one, many, 1 if count == 1 else 2)


def pgettext(context: str, text: str) -> str:
    """A text that means other things elsewhere, told apart by a word of context."""
    return _catalogue().pgettext(context, text)


def marked(text: str) -> str:
    """The text as it is, for a table of texts that are put through `_` where they are shown."""
    return text


def speak(wished: str) -> None:
    """Speak a language from now on, named as in the settings."""
    global _chosen
    name = choose(wished)
    _chosen = gettext.translation("yiwen", LOCALES, [name] if name else [], fallback=True)


def is_chinese() -> bool:
    """Is the interface read in Chinese?"""
    return _catalogue().info().get("language", "").startswith("zh")


def _catalogue() -> gettext.NullTranslations:
    if _chosen is None:
        speak(os.environ.get("YIWEN_LANGUAGE") or "auto")
    assert _chosen is not None
    return _chosen
