"""Damage by conversion to Traditional one character at a time: found, and repaired in context.

Where one Simplified character stands for several Traditional ones, such a conversion picks the same
one always: 了 becomes 瞭, 面 麵, 出 齣. The repair goes back to Simplified and forward again by
OpenCC, which looks at phrases, and takes from the result only what damage explains.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice

from msgspec import Struct

from engine.data.characters import converter, simplified_characters
from engine.data.nearest import letters

_AT_ONCE = 2000
_ORIGINALS = (
    "瞭了 麵面 齣出 傢家 迴回 嚮向 纔才 韆千 裏里 後后 製制 禦御 閤合 錶表 隻只 彆別 硃朱 鞦秋 "
    "誌志 剋克 緻致 颱臺台 鼕冬 徵征 捨舍 曆歷 鬍胡 麯曲 醜丑 濛蒙矇 纍累 蔔卜 睏困 瀋沈 摺折 鬆松 "
    "捲卷 鹹咸 鬥斗 係繫 薑姜 範范 闆板 鏇旋 準准 髒臟 闢辟 嶽岳 癥症 縴纖 劄札 蕓芸 乾干 衊蔑 "
    "颳刮 發髮 黨党 榖谷穀 簽籤 鍾鐘 須鬚 盡儘 獲穫 萬万 麽么麼 僕仆 籲吁 壇罈"
)
_ONE_FOR_MANY = {word[0]: frozenset(word[1:]) for word in _ORIGINALS.split()}
"""A character that such a conversion writes, and what may have to stand there instead."""

_FORMS = str.maketrans("寜産顔啓僞奬綫鈎竪爲衆嗬遝", "寧產顏啟偽獎線鉤豎為眾呵沓")
"""Forms that Taiwan does not write, out of the same conversion: always changed."""

_WORDS = {
    "單於": "單于",
    "鮮於": "鮮于",
    "淳於": "淳于",
    "於闐": "于闐",
    "雲：": "云：",
    "雲:": "云:",
    "雲雲": "云云",
    "又雲": "又云",
    "復雜": "複雜",
    "重復": "重複",
    "纔乾": "才幹",
    "能乾": "能幹",
    "乾練": "幹練",
    "精乾": "精幹",
    "骨乾": "骨幹",
    "樹乾": "樹幹",
    "乾什麼": "幹什麼",
    "乾嘛": "幹嘛",
    "乾羽": "干羽",
    "射乾": "射干",
    "榖種": "穀種",
}
"""Words that OpenCC's phrases miss."""

_NUMBERS = "一二三四五六七八九十百千韆萬兩幾數"
_STAYS: dict[str, tuple[str, str]] = {
    "隻": (_NUMBERS, ""),
    "曆": ("律治司新造漢初景賣承疾功萬鬥斗", "數書算法日元學局家傢象度改譜表錶》"),
    "乾": ("", "旱脆時"),
    "製": ("所仿", "造作衣藥器甲"),
    "捨": ("用取", "之棄身命"),
    "後": ("西章", "來裔退高嗣世代續方面麵"),
    "閤": ("門閨金", ""),
    "禦": ("強", "之寇敵賊侮"),
    "麯": ("酒賣", "糵"),
    "盡": ("", "自"),
    "鍾": ("", "山"),
    "濛": ("王", "濛"),
    "瞭": ("", "望"),
}
"""Neighbours, before and after, beside which a character is right."""
_NEEDS: dict[str, tuple[str, str]] = {
    "發": ("頭白剃削落剪握毫擢禿束鬚須鬢括披", "髻結"),
    "颳": ("搜", ""),
    "簽": ("典竹標牙抽", ""),
    "捲": (_NUMBERS + "乾干各本閱讀試釋西此下上", "子宗"),
}
"""Neighbours one of which must be there before a character is changed."""

_WORD = re.compile("|".join(sorted(_WORDS, key=len, reverse=True)))


class Change(Struct, frozen=True):
    """One character of a text, damaged, and what should stand there."""

    place: int
    found: str
    repaired: str


def find_damage(texts: Sequence[str]) -> list[list[Change]]:
    """The damaged characters of each text. Raises UserError where OpenCC is missing."""
    return list(damage_of(texts))


def damage_of(texts: Iterable[str]) -> Iterator[list[Change]]:
    """The same one after the other, for a million of them."""
    coming = iter(texts)
    while block := list(islice(coming, _AT_ONCE)):
        # Many at once: a call for every sentence would take far longer.
        mended = _mend("\n".join(block))
        start = 0
        for text in block:
            after = mended[start : start + len(text)]
            start += len(text) + 1
            yield [] if text == after else _changes(text, after)


def _changes(text: str, after: str) -> list[Change]:
    return [
        Change(place, old, new) for place, (old, new) in enumerate(zip(text, after)) if old != new
    ]


def repair(text: str, changes: Sequence[Change]) -> str:
    """A text with its changes made."""
    characters = list(text)
    for change in changes:
        characters[change.place] = change.repaired
    return "".join(characters)


def undone(text: str) -> str:
    """A text in Simplified characters as it was before a conversion, whichever it was."""
    return converter("t2s")(text.translate(_before_conversion()))


def folded(texts: Sequence[str]) -> list[str]:
    """The letters of texts in Simplified characters: the same for two editions of a sentence."""
    lines = undone("\n".join(" ".join(text.split()) for text in texts)).split("\n")
    return [letters(line) for line in lines]


def _mend(text: str) -> str:
    text_in_words = _WORD.sub(lambda match: _WORDS[match.group()], text)
    in_context = converter("s2tw")(undone(text_in_words))
    if len(in_context) != len(
        text
    ):  # a phrase of another length: better no repair than a wrong one
        in_context = text_in_words
    left_simplified = frozenset(simplified_characters(text))
    mended = list(text)
    for place, (old, word, new) in enumerate(zip(text, text_in_words, in_context)):
        if old == word == new:
            continue
        if word != old:
            mended[place] = word
        elif old in left_simplified or (
            new in _ONE_FOR_MANY.get(old, ()) and _is_damage(text, place)
        ):
            mended[place] = new
    return "".join(mended).translate(_FORMS)


def _is_damage(text: str, place: int) -> bool:
    """Do the neighbours allow that this character is damaged?"""
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    stays_after, stays_before = _STAYS.get(text[place], ("", ""))
    if (before and before in stays_after) or (after and after in stays_before):
        return False
    if text[place] not in _NEEDS:
        return True
    needs_before, needs_after = _NEEDS[text[place]]
    return bool((before and before in needs_before) or (after and after in needs_after))


@lru_cache(maxsize=1)
def _before_conversion() -> dict[int, str]:
    """Damaged characters as the Simplified ones they came from."""
    convert = converter("t2s")
    table = {ord(old): convert(min(new)) for old, new in _ONE_FOR_MANY.items()}
    return (
        table
        | {ord("瞭"): "了", ord("榖"): "谷", ord("麽"): "么"}
        | {old: convert(chr(new)) for old, new in _FORMS.items()}
    )
