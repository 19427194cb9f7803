"""Damage by conversion: what is repaired, and what is right and stays."""

from __future__ import annotations

import json

import pytest
from samples import MODEL

from engine.data.characters import converter
from engine.data.damage import Change, find_damage, folded, repair


def repaired(text: str) -> str:
    (changes,) = find_damage([text])
    return repair(text, changes)


@pytest.mark.parametrize(
    ("damaged", "right"),
    [
        ("他迴傢瞭，麵嚮東方，纔齣門。", "他回家了，面向東方，才出門。"),
        ("鼕十月辛醜，爾硃榮剋鄴。", "冬十月辛丑，爾朱榮克鄴。"),
        ("皇太後幸五颱山，行韆裏。", "皇太后幸五臺山，行千里。"),
        ("禦史大夫上錶，誌在四方。", "御史大夫上表，志在四方。"),
        ("徵東將軍範文虎，字鬆，沈氏。", "征東將軍范文虎，字松，沈氏。"),
        ("單於使人齣榖口，雲： 吐榖渾來。", "單于使人出谷口，云： 吐谷渾來。"),
        ("五榖豐登。", "五穀豐登。"),
        ("讀書三十捲，手不釋捲。", "讀書三十卷，手不釋卷。"),
        ("寜産顔綫，刘禹锡，十五馀人。", "寧產顏線，劉禹錫，十五餘人。"),
    ],
)
def test_damage_is_repaired_in_context(damaged: str, right: str) -> None:
    assert repaired(damaged) == right


@pytest.mark.parametrize(
    "right",
    [
        "我明瞭你的意思，登高瞭望。",
        "吃了一碗麵，買了麵粉做麵包。",
        "一隻鹿和兩隻老虎，幾百隻船隻。",
        "製造兵器，縫製衣裳，遵守制度。",
        "防禦敵人，抵禦外侮，不畏強禦。",
        "以後再說，然後退守，皇后聽後不語。",
        "捨棄不用，捨之而去，樂善好施捨。",
        "曆法與曆書，考定日曆。歷史悠久。",
        "乾淨的衣服，乾元年間，乾坤。",
        "發兵攻打，事情發生，被發現。",
        "收復失地，又復如初，答覆。",
        "白雲飄過，東有雲夢之澤，岳雲。",
        "鬆開手，放鬆；松樹。鬍子，胡人。",
        "捲起衣袖，席捲天下。",
        "彆扭，裏面，為什麼，群眾，吃飯。",
    ],
)
def test_right_uses_stay(right: str) -> None:
    assert repaired(right) == right


def test_changes_are_told_by_place() -> None:
    assert find_damage(["好。", "走瞭\n迴傢", ""]) == [
        [],
        [Change(1, "瞭", "了"), Change(3, "迴", "回"), Change(4, "傢", "家")],
        [],
    ]


def test_well_converted_text_is_hardly_touched() -> None:
    texts = []
    for name in ("train", "validation", "test"):
        items = json.loads((MODEL / "data" / f"{name}.json").read_text("utf-8"))
        texts += [item[key] for item in items for key in ("instruction", "output")]
    changed = sum(map(len, find_damage(texts)))
    assert changed <= 4  # classical 嚮 and 纔, in 50,000 characters
    assert sum(map(len, texts)) > 50_000


def test_a_conversion_without_context_is_undone() -> None:
    """The sample sentences, damaged as the course's are, come back as they were."""
    items = json.loads((MODEL / "data" / "train.json").read_text("utf-8"))
    texts = [item["output"] for item in items]
    table = str.maketrans(
        "了面出家回向才千表只別朱秋克冬御后", "瞭麵齣傢迴嚮纔韆錶隻彆硃鞦剋鼕禦後"
    )
    damaged = [text.translate(table) for text in texts]
    back = [repair(text, changes) for text, changes in zip(damaged, find_damage(damaged))]
    harmed = sum(a != b for one, other in zip(texts, damaged) for a, b in zip(one, other))
    left = sum(a != b for one, other in zip(texts, back) for a, b in zip(one, other))
    assert harmed > 500
    assert left < 0.03 * harmed  # 瞭解 may be written so


def test_editions_of_a_sentence_fold_to_the_same_letters() -> None:
    simplified = "出游说，不回家奉养。"
    traditional = converter("s2tw")(simplified)
    assert traditional != simplified
    assert (
        len(set(folded([simplified, traditional, "齣 遊 說 不迴傢奉養", "出游说\n不回家奉养"])))
        == 1
    )
