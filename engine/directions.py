"""The two directions of translation, and how to tell which one a text asks for."""

from __future__ import annotations

import re
from typing import Literal

Direction = Literal["to_classical", "to_modern", "unknown"]
DIRECTIONS: tuple[Direction, ...] = ("to_modern", "to_classical")
LABELS: dict[Direction, str] = {"to_modern": "文→白", "to_classical": "白→文", "unknown": "?"}

_MODERN = r"(?:現代|现代|白話|白话|語體|语体|今文|modern)"
_CLASSICAL = r"(?:文言|古文|古代|古漢語|古汉语|classical)"
_INTO = r"(?:譯成|译成|譯為|译为|改寫成|改写成|寫成|写成|轉成|转成|into\s|to\s)\s*"
_SAY = r"[^，。\n]{0,6}(?:怎麼說|怎么说|怎麼寫|怎么写|如何說)"
_TO_MODERN = re.compile(
    rf"{_INTO}{_MODERN}|{_MODERN}{_SAY}|文言文(?:翻譯|翻译)|(?:翻譯|翻译)(?:這|这|下)[^\n]*文言", re.I
)
_TO_CLASSICAL = re.compile(rf"{_INTO}{_CLASSICAL}|{_CLASSICAL}{_SAY}", re.I)

# Characters that stand in nearly every sentence of one language and seldom in the other.
_MODERN_SIGNS = re.compile(
    r"的|了|是|們|们|這|这|那|我|你|您|他|她|嗎|吗|呢|吧|把|被|很|就|都|還|还|沒|没|什麼|什么|怎麼|因為|但是|所以"
)
_CLASSICAL_SIGNS = re.compile(
    r"之|乎|者|也|矣|焉|哉|曰|兮|其|於|于|以|而|乃|則|吾|汝|爾|夫|遂|皆|豈|勿|弗|惟|耳|歟|邪"
)


def of_instruction(instruction: str) -> Direction:
    """The direction that an instruction asks for.

    The request stands in the first or the last lines; only if those say nothing is the middle,
    which may speak *about* 文言文, looked at.
    """
    lines = [line for line in instruction.strip().splitlines() if line.strip()] or [""]
    edges = [lines[0], *lines[-2:]] if len(lines) > 1 else lines
    for part in ("\n".join(edges), instruction):
        modern, classical = _TO_MODERN.search(part), _TO_CLASSICAL.search(part)
        if modern and classical:
            return "to_modern" if modern.start() < classical.start() else "to_classical"
        if modern or classical:
            return "to_modern" if modern else "to_classical"
    return "unknown"


def modernness(text: str) -> float:
    """How modern a text reads: signs of modern minus signs of Classical Chinese, a character."""
    modern, classical = len(_MODERN_SIGNS.findall(text)), len(_CLASSICAL_SIGNS.findall(text))
    return (modern - classical) / max(1, len(text))


def of_text(text: str) -> Direction:
    """The direction to translate a bare sentence: out of the language that it is written in."""
    return "to_classical" if modernness(text) > 0 else "to_modern"
