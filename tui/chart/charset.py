"""Which characters charts are drawn with: what was asked for, else what the terminal can show."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal, get_args

Charset = Literal["braille", "block", "ascii"]
CHARSETS: tuple[Charset, ...] = get_args(Charset)

VARIABLE = "YIWEN_CHARSET"
_POOR_TERMINALS = ("linux", "dumb", "vt100", "vt102", "vt220", "ansi")
"""Their fonts have neither braille nor quarter blocks."""


def choose(
    asked: str = "auto", *, wished: str = "auto", environment: Mapping[str, str] = os.environ
) -> Charset:
    """What was asked for, else `$YIWEN_CHARSET`, else the settings' wish, else what will do."""
    for name in (asked, environment.get(VARIABLE, ""), wished):
        for charset in CHARSETS:
            if name == charset:
                return charset
    if environment.get("TERM", "") in _POOR_TERMINALS or not _knows_unicode(environment):
        return "ascii"
    return "braille"


def _knows_unicode(environment: Mapping[str, str]) -> bool:
    language = environment.get("LANG", "")
    category = environment.get("LC_CTYPE", "")
    if category == "C.UTF-8" and language in ("C", "POSIX"):
        category = ""  # Python's own doing, so as to read file names; the terminal was not asked
    named = environment.get("LC_ALL", "") or category or language
    return not named or "utf" in named.lower()


def following(charset: Charset) -> Charset:
    """The one after it, for a key that goes through all of them."""
    return CHARSETS[(CHARSETS.index(charset) + 1) % len(CHARSETS)]
