"""The two directions of translation, and how to tell which one a text asks for."""

from __future__ import annotations

import re
from typing import Literal

from engine.language.plain_text import one_line

Direction = Literal["to_classical", "to_modern", "unknown"]
DIRECTIONS: tuple[Direction, ...] = ("to_modern", "to_classical")
LABELS: dict[Direction, str] = {"to_modern": "文→白", "to_classical": "白→文", "unknown": "?"}

_MODERN = r"(?:現代|现代|白話|白话|語體|语体|今文|modern)"
_CLASSICAL = r"(?:文言|古文|古代|古漢語|古汉语|classical)"
_INTO = r"(?:譯成|译成|譯為|译为|改寫成|改写成|寫成|写成|轉成|转成|into\s|to\s)\s*"
_SAY = r"[^，。\n]{0,6}(?:怎麼說|怎么说|怎麼寫|怎么写|如何說)"
_TO_MODERN = re.compile(
    rf"{_INTO}{_MODERN}|{_MODERN}{_SAY}|文言文(?:翻譯|翻译)|(?:翻譯|翻译)(?:這|这|下)[^\n]*文言",
    re.I,
)
_TO_CLASSICAL = re.compile(rf"{_INTO}{_CLASSICAL}|{_CLASSICAL}{_SAY}", re.I)

# Characters that stand mostly in one of the two languages, by their odds in 195,615 pairs of the
# public NiuTrans corpus. Counting them tells 98 % of the classical and 93 % of the modern sentences
# of ten other books.
_MODERN_SIGNS = frozenset(
    "的了說他就到這來們要和沒任個樣麼回那把被著做現給派很果才向讓裡打呢你想種只看什卻它接隊些邊但叫像"
    "認話怎放住您嗎候擔該夠怕说这来们没个样么给现让过"
)
_CLASSICAL_SIGNS = frozenset(
    "之曰其者故乃矣皆謂亦欲乎若聞遂焉復吾卒甚莫猶哉嘗惟弗昔豈唯俱汝勿悉壬丙庚戊癸彼寅"
)
_ANSWER_CUE = re.compile(r"^\s*(?:答案|譯文|输出|輸出)\s*(?:[：:]\s*)?$")


_LONGEST = 1000
_NAMES_A_LANGUAGE = re.compile(
    "現代|现代|白話|白话|語體|语体|今文|文言|古文|古代|古漢語|古汉语|modern|classical|[\u017f\u212a]"
)
"""What every request has in it: much faster to look for than the requests themselves."""


def of_instruction(instruction: str) -> Direction:
    """The direction that an instruction asks for.

    The request stands in the first line or in the last two; what is between may speak *about*
    文言文 and is not looked at.
    """
    if not _NAMES_A_LANGUAGE.search(instruction.lower()):
        return "unknown"
    lines = [line for line in instruction.strip().splitlines() if line.strip()]
    edges = "\n".join(map(_ends, lines if len(lines) < 3 else [lines[0], *lines[-2:]]))
    modern, classical = _TO_MODERN.search(edges), _TO_CLASSICAL.search(edges)
    if modern and classical:
        return "to_modern" if modern.start() < classical.start() else "to_classical"
    if modern or classical:
        return "to_modern" if modern else "to_classical"
    return "unknown"


def _ends(line: str) -> str:
    """Where a line may ask for something; of one that is longer than any request, both ends."""
    return line if len(line) <= 2 * _LONGEST else f"{line[:_LONGEST]}\n{line[-_LONGEST:]}"


def source_text(instruction: str) -> str:
    """The sentence to translate: an instruction without the lines that only ask for something."""
    kept = [
        line
        for line in instruction.splitlines()
        if line.strip()
        and not _ANSWER_CUE.match(line)
        and not (len(line) <= 24 and of_instruction(line) != "unknown")
    ]
    return "\n".join(kept).strip() or instruction.strip()


def modernness(text: str) -> int:
    """How modern a text reads: distinct signs of modern less those of Classical Chinese."""
    characters = set(text)
    return len(characters & _MODERN_SIGNS) - len(characters & _CLASSICAL_SIGNS)


def of_text(text: str) -> Direction:
    """The direction to translate a bare sentence: out of the language that it is written in."""
    return "to_classical" if modernness(text) > 0 else "to_modern"


def direction_label(name: str) -> str:
    """文→白 and its like; as it stands if this version does not know it."""
    labels: dict[str, str] = {str(key): label for key, label in LABELS.items()}
    return labels.get(name, one_line(name))
