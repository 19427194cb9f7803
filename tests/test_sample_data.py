"""The sample data: enough, well formed, and nothing of the scored files in the training file."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from samples import MODEL

from engine.data import dataset
from engine.data.dataset import Pair

HELD_OUT = {
    "孟子",
    "世說新語",
    "列子",
    "淮南子",
    "搜神記",
    "夢溪筆談",
    "徐霞客遊記",
    "天工開物",
    "貞觀政要",
    "陳書",
}
PARTS = {
    part: dataset.read(MODEL / "data" / f"{part}.json").pairs
    for part in ("train", "validation", "test")
}
ALL = [pair for pairs in PARTS.values() for pair in pairs]
SIMPLIFIED = set(
    "们这来说时国为对会动过还进实现开关东车马鸟鱼龙门问间闻见观觉学写买卖书长张"
    "师帅归乐乡习义乌亲产亿仅从仓仪众优伟传伤伦体严丧临丽举兰兴养农决况减凤击则刚创剑剧"
    "劝办务劳势华单卫压历县变号听启员响团园围图圣场坏块坚处备头夺奋妇妈孙宁宝宾审宪宫"
)
"""Common characters that only Simplified Chinese has."""


def book(pair: Pair) -> str:
    return pair.source.split("·")[0]


def bare(text: str) -> str:
    """A text without what is no letter: two that differ in punctuation are one."""
    return re.sub(r"\W", "", text)


def texts(pairs: list[Pair]) -> set[str]:
    return {bare(text) for pair in pairs for text in (pair.source_text, pair.output)}


@pytest.mark.parametrize(("part", "least"), [("train", 600), ("validation", 80), ("test", 80)])
def test_each_part_has_enough_pairs(part: str, least: int) -> None:
    assert len(PARTS[part]) >= least


def test_no_id_is_used_twice_in_all_parts() -> None:
    assert [name for name, n in Counter(pair.id for pair in ALL).items() if n > 1] == []


def test_every_pair_names_book_and_chapter() -> None:
    assert [pair.id for pair in ALL if not re.fullmatch(r"[^·\s]+·\S+", pair.source)] == []


@pytest.mark.parametrize("part", ["validation", "test"])
def test_the_scored_parts_are_from_the_ten_held_out_books(part: str) -> None:
    assert {book(pair) for pair in PARTS[part]} == HELD_OUT


def test_the_training_part_is_from_none_of_them() -> None:
    assert {book(pair) for pair in PARTS["train"]} & HELD_OUT == set()


@pytest.mark.parametrize("part", PARTS)
def test_the_two_directions_are_about_equally_many(part: str) -> None:
    count = Counter(pair.direction for pair in PARTS[part])
    assert set(count) == {"to_modern", "to_classical"}
    assert abs(count["to_modern"] - count["to_classical"]) <= 0.1 * count.total()


@pytest.mark.parametrize("part", PARTS)
def test_no_text_stands_twice_in_a_part(part: str) -> None:
    count = Counter(bare(text) for p in PARTS[part] for text in (p.source_text, p.output))
    assert [text for text, n in count.items() if n > 1] == []


@pytest.mark.parametrize(
    ("one", "other"), [("train", "test"), ("train", "validation"), ("validation", "test")]
)
def test_no_text_of_a_part_stands_in_another_nor_within_a_text_of_it(one: str, other: str) -> None:
    mine, others = texts(PARTS[one]), texts(PARTS[other])
    shared = [(a, b) for a in mine for b in others if a in b or b in a]
    assert shared == []


def test_no_pair_translates_a_text_into_itself() -> None:
    assert [pair.id for pair in ALL if bare(pair.source_text) == bare(pair.output)] == []


def test_no_text_holds_a_simplified_character() -> None:
    found = {pair.id: set(pair.instruction + pair.output) & SIMPLIFIED for pair in ALL}
    assert {name: characters for name, characters in found.items() if characters} == {}


def test_no_text_begins_or_ends_with_white_space() -> None:
    fields = [(pair.id, text) for pair in ALL for text in (pair.instruction, pair.output)]
    assert [name for name, text in fields if text != text.strip()] == []
