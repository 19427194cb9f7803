"""Leaks between a training and a test file: exact, reversed, near, and nothing else."""

from __future__ import annotations

import pytest

from engine.data.damage import folded
from engine.data.dataset import Pair
from engine.data.leaks import Leak, find_leaks

CLASSICAL, MODERN = "學而時習之，不亦說乎？", "學了又經常溫習，不是很快樂嗎？"


def to_modern(name: str, source: str, output: str = "") -> Pair:
    return Pair(name, f"翻譯成現代文：\n{source}", output)


def to_classical(name: str, source: str, output: str = "") -> Pair:
    return Pair(name, f"{source}\n翻譯成文言文：\n答案：", output)


TEST = [to_modern("t", CLASSICAL, MODERN)]


def kinds(*train: Pair, test: list[Pair] = TEST, **options: float) -> list[tuple[str, str]]:
    return [(leak.kind, train[leak.train].id) for leak in find_leaks(train, test, **options)]


def test_the_same_sentence_on_the_same_side_is_an_exact_leak() -> None:
    train = [
        to_modern("source", CLASSICAL, "另一個翻譯。"),
        to_modern("output", "別的句子也有。", MODERN),
        to_modern("none", "吾日三省吾身。", "我每天多次反省自己。"),
    ]
    assert kinds(*train) == [("exact", "source"), ("exact", "output")]


def test_punctuation_spaces_and_prefixes_do_not_hide_a_sentence() -> None:
    assert kinds(to_modern("a", "學而時習之 不亦說乎", "答案：好。")) == [("exact", "a")]
    assert kinds(to_modern("b", "別的句子也有。", f"答案：{MODERN}")) == [("exact", "b")]


def test_a_sentence_on_the_other_side_is_a_reversed_leak() -> None:
    train = [
        to_classical("both", MODERN, CLASSICAL),
        to_classical("output", "完全不同的說法。", CLASSICAL),
        to_classical("source", MODERN, "完全不同之辭。"),
    ]
    assert kinds(*train) == [("reversed", "both"), ("reversed", "output"), ("reversed", "source")]


def test_a_pair_that_leaks_twice_is_named_once() -> None:
    (leak,) = find_leaks([to_modern("a", CLASSICAL, MODERN)], TEST, threshold=0.5)
    assert leak == Leak("exact", 0, 0, ("source", "source"))


def test_near_sentences_are_found_from_the_threshold_on() -> None:
    near = to_modern("near", "學而時習之，不亦樂乎？", "完全不同的說法。")  # 8 of 9 letters
    assert kinds(near) == []
    assert kinds(near, threshold=0.85) == [("near", "near")]
    assert kinds(near, threshold=0.9) == []
    (leak,) = find_leaks([near], TEST, threshold=0.85)
    assert leak.similarity == pytest.approx(8 / 9, abs=1e-3)
    assert not leak.is_within


def test_near_sentences_are_found_on_the_other_side_too() -> None:
    near = to_classical("near", "學了又經常溫習，不是很高興嗎？", "完全不同之辭。")
    (leak,) = find_leaks([near], TEST, threshold=0.8)
    assert (leak.kind, leak.sides) == ("near", ("source", "output"))


def test_a_sentence_within_a_longer_one_is_near_whatever_their_lengths() -> None:
    longer = to_modern("a", "別的話。" * 10, f"他說過：{MODERN}" + "大家聽了都點頭稱是。" * 9)
    (leak,) = find_leaks([longer], TEST, threshold=0.9)
    assert leak.is_within
    assert leak.similarity < 0.3


def test_very_short_sentences_leak_only_with_their_pair() -> None:
    test = [to_modern("t", "帝從之。", "皇帝聽從了。")]
    assert kinds(to_modern("a", "帝從之。", "皇上答應了他。"), test=test, threshold=0.8) == []
    assert kinds(to_modern("a", "帝從之。", "皇帝聽從了。"), test=test) == [("exact", "a")]
    assert kinds(to_classical("a", "皇帝聽從了。", "帝從之。"), test=test) == [("reversed", "a")]


def test_a_test_file_without_answers_is_compared_by_its_sentences() -> None:
    test = [to_modern("t", CLASSICAL)]
    assert kinds(to_modern("a", CLASSICAL, MODERN), to_modern("b", "x", MODERN), test=test) == [
        ("exact", "a")
    ]


def test_another_edition_is_recognised_when_folded() -> None:
    test = [to_modern("t", "齣遊說不迴傢奉養，一韆裏外", "他嚮東走瞭。")]
    train = [to_modern("a", "出游说不回家奉养，一千里外", "完全不同的說法。")]
    assert find_leaks(train, test) == []
    assert [leak.kind for leak in find_leaks(train, test, fold=folded)] == ["exact"]


def test_leaks_come_in_the_order_of_the_test_file() -> None:
    test = [to_modern(str(n), f"第{n}句文言文在此處。", f"第{n}句白話文在這裡。") for n in range(5)]
    found = find_leaks([*reversed(test), test[2]], test)
    assert [(leak.test, leak.train) for leak in found] == [
        (0, 4),
        (1, 3),
        (2, 2),
        (2, 5),
        (3, 1),
        (4, 0),
    ]
