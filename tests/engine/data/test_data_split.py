"""Splits that share no sentence, and the groups and duplicates behind them."""

from __future__ import annotations

import random

import pytest
from samples import MODEL

from engine.data import dataset
from engine.data.dataset import Pair
from engine.data.groups import find_duplicates, group_by_sentences
from engine.data.leaks import find_leaks
from engine.data.splitting import book_of, split, wanted_pairs
from engine.language.errors import DataError


def pair(name: str, source: str, output: str, book: str = "") -> Pair:
    return Pair(name, f"翻譯成現代文：\n{source}", output, book)


def entangled(count: int) -> list[Pair]:
    """Pairs of which a third repeats a sentence of another, one in ten in the other direction."""
    rng = random.Random(3)
    pairs = [pair(f"p{n}", f"文言句子第{n}號。", f"白話句子第{n}號。") for n in range(count)]
    for n in range(count // 3):
        other = rng.randrange(count)
        if n % 10:
            pairs.append(pair(f"again{n}", f"文言句子第{other}號！", f"另一種說法之{n}。"))
        else:
            turned = f"白話句子第{other}號。\n翻譯成文言文："
            pairs.append(Pair(f"turned{n}", turned, f"文言句子第{other}號。"))
    return pairs


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_sentence_is_on_both_sides(seed: int) -> None:
    pairs = entangled(300)
    found = split(pairs, 40, seed=seed)
    sides = [[pairs[place] for place in places] for places in (found.train, found.validation)]
    assert find_leaks(*sides) == []
    assert 35 <= len(found.validation) <= 40
    assert sorted(found.train + found.validation) == list(range(len(pairs)))


def test_a_split_hangs_on_the_seed_and_not_on_the_order_of_the_file() -> None:
    pairs = entangled(100)
    chosen = {pairs[place].id for place in split(pairs, 20).validation}
    shuffled = random.Random(1).sample(pairs, len(pairs))
    assert {shuffled[place].id for place in split(shuffled, 20).validation} == chosen
    assert {pairs[place].id for place in split(pairs, 20, seed=1).validation} != chosen


def test_a_split_changes_little_when_pairs_are_added() -> None:
    pairs = entangled(200)
    before = {pairs[place].id for place in split(pairs, 30).validation}
    more = [*pairs, *(pair(f"new{n}", f"新文第{n}句文言。", f"新白第{n}句話。") for n in range(10))]
    after = {more[place].id for place in split(more, 30).validation}
    assert len(before & after) > 20


def test_a_split_by_book_keeps_each_book_whole() -> None:
    pairs = dataset.read(MODEL / "data" / "train.json").pairs
    found = split(pairs, 70, by_book=True)
    books = [{book_of(pairs[p]) for p in side} for side in (found.train, found.validation)]
    assert books[0] & books[1] == set()
    assert found.held_out == sorted(str(book) for book in books[1])
    assert 60 <= len(found.validation) <= 70


def test_a_split_by_book_needs_sources_and_a_book_that_is_small_enough() -> None:
    with pytest.raises(DataError, match="no pair of this file has a source"):
        split([pair("a", "一句文言文", "一句白話")] * 2, 1, by_book=True)
    books = [
        pair(f"{b}{n}", f"{b}文言第{n}句", f"{b}白話第{n}句", b) for b in "甲乙" for n in range(5)
    ]
    with pytest.raises(
        DataError, match=r"smallest group that belongs together \(5 pairs of a book"
    ):
        split(books, 3, by_book=True)


@pytest.mark.parametrize(
    ("asked", "wanted"), [("20", 20), ("0.1", 10), ("10%", 10), ("2.5%", 2), ("99", 99)]
)
def test_a_validation_share_or_number_is_understood(asked: str, wanted: int) -> None:
    assert wanted_pairs(asked, 100) == wanted


@pytest.mark.parametrize("asked", ["0", "100", "1.0", "-3", "x", "", "0.001", "nan", "inf"])
def test_a_validation_that_leaves_nothing_is_refused(asked: str) -> None:
    with pytest.raises(DataError, match="expected a number of pairs"):
        wanted_pairs(asked, 100)


@pytest.mark.parametrize(
    ("source", "book"),
    [("史記·本紀", "史記"), ("史記/本紀/一", "史記"), ("論語", "論語"), ("", None), ("·x", None)],
)
def test_the_book_of_a_source_comes_first(source: str, book: str | None) -> None:
    assert book_of(pair("a", "x", "y", source)) == book


def test_groups_are_joined_through_others() -> None:
    pairs = [
        pair("a", "甲句子文言。", "乙句子白話。"),
        pair("b", "丙句子文言。", "丁句子白話。"),
        pair("c", "丙句子文言！", "乙句子白話。"),
        pair("d", "獨一無二之句。", "獨一無二的句子。"),
    ]
    assert list(map(list, group_by_sentences(pairs))) == [[0, 1, 2], [3]]
    assert group_by_sentences(pairs, also=[None, None, "書", "書"]) == [[0, 1, 2, 3]]


def test_short_sentences_do_not_join_pairs_but_equal_pairs_do() -> None:
    pairs = [
        pair("a", "帝曰。", "皇帝說。"),
        pair("b", "帝曰。", "皇上講。"),
        pair("c", "皇帝說。", "帝曰。"),
    ]
    assert list(map(list, group_by_sentences(pairs))) == [[0, 2], [1]]


def test_duplicates_are_told_apart_from_reversed_pairs_and_other_answers() -> None:
    pairs = [
        pair("a", "學而時習之。", "學了經常溫習。"),
        pair("b", "學而時習之", "學了，經常溫習。"),
        pair("c", "學了經常溫習。", "學而時習之。"),
        pair("d", "學而時習之。", "學習並且複習。"),
    ]
    found = find_duplicates(pairs)
    assert (found.same, found.reversed, found.other_answer) == ([(1, 0)], [(2, 0)], [(3, 0)])
