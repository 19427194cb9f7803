"""Characters that a text of Chinese should not hold: what conversions, copies and pages leave."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Literal

OddKind = Literal["replacement", "control", "invisible", "private use", "html", "mojibake"]

_CHARACTERS: dict[OddKind, re.Pattern[str]] = {
    "replacement": re.compile("\ufffd"),
    "control": re.compile(
        "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufff9-\ufffb\ufffe\uffff]|\r(?!\n)"
    ),
    "invisible": re.compile(
        "[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e"
        "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
    ),
    "private use": re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]"),
}
_ANY = re.compile("|".join(pattern.pattern for pattern in _CHARACTERS.values()))
_HTML = re.compile(
    r"</?[A-Za-z][A-Za-z0-9]*(?:\s[^<>]*)?/?>|<!--|&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});"
)
_AS_LATIN = re.compile(
    "(?:[\xc2-\xf4][\x80-\xbf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc"
    "\u2013-\u2026\u2030\u2039\u203a\u20ac\u2122]{1,3}){2,}"
)
"""UTF-8 read as Latin-1 or as Windows has it: 天 becomes å¤©."""
_AS_GBK = re.compile("锟斤拷|烫烫烫|屯屯屯|[锛銆][\ue000-\uf8ff\ufffd?€乚傦宂]")
"""UTF-8 read as GBK, and what Windows fills memory with."""
_LEAST = 5
"""Characters of a text whose bytes say what it was: shorter ones fit two encodings by chance."""


def find(text: str) -> Iterator[tuple[OddKind, str]]:
    """What is odd in a text, by kind, each with what was found."""
    if _ANY.search(text):
        for kind, pattern in _CHARACTERS.items():
            counts = Counter(pattern.findall(text))
            if counts:
                yield kind, "  ".join(_code(char, count) for char, count in counts.items())
    if "<" in text or "&" in text:
        found = dict.fromkeys(_HTML.findall(text))
        if found:
            yield "html", " ".join(found)
    garbled = _garbled(text)
    if garbled:
        yield "mojibake", garbled


def _code(char: str, count: int) -> str:
    return f"U+{ord(char):04X}" + f" ×{count}" * (count > 1)


def _garbled(text: str) -> str:
    """A part that was read in an encoding that it was not written in, or nothing."""
    found = _AS_LATIN.search(text) or _AS_GBK.search(text)
    if found:
        return found.group()
    if text.isascii():
        return ""
    for encoding in ("gbk", "big5"):
        was = text.encode(encoding, errors="ignore").decode("utf-8", errors="replace")
        wrong = was.count("\ufffd")
        right = sum(char > "\u2000" for char in was) - wrong
        if right >= _LEAST and wrong * 4 <= right:
            return f"{text} → {was}"
    return ""
