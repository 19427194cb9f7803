"""Sentences that may be near others are found while very many go by."""

from __future__ import annotations

import random

from engine.data.near_sentences import NearSentences

LETTERS = "天地玄黃宇宙洪荒日月盈昃辰宿列張寒來暑往秋收冬藏閏餘成歲律呂調陽雲騰致雨露結為霜"
STRETCH = 10


def some(count: int, length: int, seed: int) -> list[str]:
    draw = random.Random(seed)
    return ["".join(draw.choices(LETTERS, k=length)) for _ in range(count)]


def found(asked: list[str], many: list[str]) -> list[list[str]]:
    near = NearSentences(asked, sorted(many)[:100], STRETCH)
    for spot, text in enumerate(many):
        near.see(text, spot)
    return [[text for text, _ in near.of(place)] for place in range(len(asked))]


def test_a_sentence_with_a_few_other_letters_comes_first() -> None:
    many = some(3000, 24, seed=1)
    changed = [text[:7] + "甲" + text[8:19] + "乙" + text[20:] for text in many[:40]]
    assert [texts[0] for texts in found(changed, many)] == many[:40]


def test_any_stretch_of_a_long_sentence_is_found() -> None:
    (asked,) = some(1, 60, seed=2)
    parts = [asked[at : at + STRETCH] for at in range(len(asked) - STRETCH + 1)]
    for part in parts:
        assert part in found([asked], [*some(300, 24, seed=3), part])[0]


def test_what_stands_in_several_places_takes_one_of_the_few() -> None:
    (asked,) = some(1, 20, seed=4)
    near = NearSentences([asked], [], STRETCH)
    for spot in range(100):
        near.see(asked[:-1] + "甲", spot)
    near.see(asked[1:], 100)
    assert [spots for _, spots in near.of(0)] == [[100], list(range(100))]


def test_of_equals_those_that_came_first_are_kept() -> None:
    (asked,) = some(1, 20, seed=5)
    alike = [asked[:-1] + letter for letter in sorted(set(LETTERS) - {asked[-1]})]
    assert len(alike) > 32
    (kept,) = found([asked], alike)
    assert len(kept) == 32
    assert set(kept) == set(alike[:32])
