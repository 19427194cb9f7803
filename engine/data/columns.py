"""The columns of a table of pairs: which row is a header, and what its names mean."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.data import directions
from engine.language.said import Said, listed

TO_CLASSICAL = "翻譯成文言文：\n{text}"
TO_MODERN = "翻譯成現代文：\n{text}"

BARE = ["bare", "output"]
"""Where there is no header."""
_NAMES = {
    "instruction": "instruction prompt 指令 指示 提示",
    "output": "output answer response target translation tgt 輸出 输出 答案 回答 譯文 译文 "
    "翻譯 翻译",
    "bare": "sentence text src 原文 原句 句子 問題 题目 題目 輸入 输入",
    "classical": "classical lzh 文言 文言文 古文 古漢語 古汉语 古代漢語 古代汉语 文言句",
    "modern": "modern 白話 白话 白話文 白话文 現代文 现代文 現代漢語 现代汉语 現代中文 现代中文 "
    "語體 語體文 语体文 今文 今譯 今译",
    "id": "id no no. 編號 编号 序號 序号",
    "source": "source book 出處 出处 來源 来源 書名 书名",
    "input": "input",
    "output_repaired": "output_repaired",
}
_MEANS = {word: name for name, words in _NAMES.items() for word in words.split()}
_WHOLE = ({"instruction", "output"}, {"classical", "modern"}, {"bare", "output"})
"""One of these must be there, or the row is no header that is understood."""
_SIGN = re.compile(r"[，。；：？！、「」『』“”‘’《》（）,.;:?!\"'\n]")
_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9 _.\-/()\[\]]*")
_OF_TEXTS = re.compile(r"[句文譯译語语原答題题輸输欄栏]")
_LONGEST_NAME = 8


def meant(cells: Sequence[str]) -> list[str] | None:
    """What the columns are, if these cells are a header that is understood."""
    given = [cell.strip().lower() for cell in cells]
    if {"source", "target"} <= set(given):
        given = ["bare" if name == "source" else name for name in given]
    names: list[str] = []
    for name in given:
        known = _MEANS.get(name, name)
        names.append(name if known in names else known)
    if len(set(names)) < len(names) or not any(some <= set(names) for some in _WHOLE):
        return None
    return names


def looks_like_names(first: Sequence[str], second: Sequence[str]) -> bool:
    """Is a first row that is not understood a header all the same, by the row that follows?"""
    if not second or not any(_is_chinese(cell) for cell in second):
        return False
    cells = [cell.strip() for cell in first]
    if any(_LATIN.fullmatch(cell) for cell in cells) and not any(map(_SIGN.search, cells)):
        return True
    are_names = all(
        0 < len(cell) <= _LONGEST_NAME and not _SIGN.search(cell) and _OF_TEXTS.search(cell)
        for cell in cells
    )
    return are_names and any(map(_SIGN.search, second))


def unknown_names(cells: Sequence[str]) -> Said:
    """The mistake of a header that is not understood."""
    return Said(
        "looks like a header, but its names are not known: {names}; name the columns classical "
        "and modern, or instruction and output",
        names=listed(cell.strip() for cell in cells),
    )


def record(row: dict[str, str], number: int) -> dict[str, str]:
    """A row as a record.

    Classical/modern columns are asked for in both directions in turn. Without a header, a sentence
    that asks for nothing is asked for in the direction of its translation.
    """
    row.setdefault("id", str(number))
    if "classical" in row and "modern" in row:
        sides = row.pop("classical"), row.pop("modern")
        source, row["output"] = sides if number % 2 == 0 else sides[::-1]
        row["instruction"] = asked(source, into_classical=number % 2 == 1)
    elif "bare" in row and "instruction" not in row:
        source = row["instruction"] = row.pop("bare")
        if directions.of_instruction(source) == "unknown":
            row["instruction"] = asked(source, into_classical([source], [row["output"]]))
    return row


def asked(source: str, into_classical: bool) -> str:
    """A sentence as an instruction; an empty one stays empty, and so is found out."""
    form = TO_CLASSICAL if into_classical else TO_MODERN
    return form.format(text=source.strip()) if source.strip() else ""


def into_classical(source: Sequence[str], target: Sequence[str]) -> bool:
    """Is the source the modern side? By which of the two reads more modern, line by line."""
    return sum(map(directions.modernness, source)) > sum(map(directions.modernness, target))


def _is_chinese(text: str) -> bool:
    return any("\u3400" <= char <= "\u9fff" or char >= "\U00020000" for char in text)
