"""Instruction templates: the words that ask for a translation, apart from the sentence."""

from __future__ import annotations

import re

from engine.data import directions
from engine.data.directions import Direction

TEXT = "{text}"

COURSE: dict[Direction, dict[str, int]] = {
    "to_modern": {
        "{text}\n翻譯成現代文：": 1088,
        "{text}\n幫我把這句話翻譯成現代文": 549,
        "{text}\n翻譯成白話文：": 538,
        "翻譯成現代文：\n{text}\n答案：": 526,
        "文言文翻譯：\n{text}": 519,
        "翻譯成現代文：\n{text}": 516,
        "將下面句子翻譯成現代文：\n{text}": 511,
        "{text}\n把這句話翻譯成現代文。": 507,
    },
    "to_classical": {
        "{text}\n翻譯成文言文：": 1084,
        "{text}\n幫我把這句話翻譯成文言文": 541,
        "{text}\n把這句話翻譯成文言文：": 539,
        "翻譯成文言文：\n{text}": 531,
        "翻譯成文言文：\n{text}\n答案：": 527,
        "將下面句子翻譯成文言文：\n{text}": 521,
        "{text}\n這句話在古代怎麼說：": 506,
        "{text}\n這句話在中國古代怎麼說：": 499,
        "{text}\n翻譯成古文：": 498,
    },
}
"""The course's, with how many of its 10,000 training pairs have each (下面 mended)."""

_IN_ONE_LINE = re.compile(r"^([^：:\n]{2,24}[：:])\s*(\S.*)$", re.S)


def template_of(instruction: str, sentence: str = "") -> str:
    """An instruction with `{text}` in the place of its sentence; `{text}` alone if it asks nothing.

    White space around the sentence is no part of it. Whoever knows the sentence may say it.
    """
    sentence = sentence or directions.source_text(instruction)
    if not sentence:
        return TEXT
    before, found, after = instruction.partition(sentence)
    if not found:
        return "(lines between the sentence's)"
    if sentence != instruction.strip():
        return f"{before.rstrip(' 　')}{TEXT}{after.lstrip(' 　')}".strip()
    one_line = _IN_ONE_LINE.match(sentence)
    if one_line and directions.of_instruction(one_line[1]) != "unknown":
        return one_line[1] + TEXT
    return TEXT
