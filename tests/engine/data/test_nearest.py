"""Similar texts: ranked as BM25 defines it, whatever stands in a text, and quickly."""

from __future__ import annotations

import math
import random
import sqlite3
import time
from collections import Counter
from typing import Any

import pytest

from engine.data.nearest import NearestIndex, grams
from engine.language.errors import UserError

ALPHABET = "之乎者也而其以為於與不有人大中上下君子曰王天地日月山水"


def sentences(count: int, length: int = 27, seed: int = 0) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choices(ALPHABET, k=rng.randint(4, 2 * length))) for _ in range(count)]


def bm25(texts: list[str], query: str) -> dict[int, float]:
    """Okapi BM25 from its definition (Robertson & Zaragoza 2009), k1 1.2, b 0.75."""
    counted = [Counter(grams(text, 2)) for text in texts]
    mean = sum(map(Counter.total, counted)) / len(texts)
    scores = dict.fromkeys(range(len(texts)), 0.0)
    for gram in set(grams(query, 2)):
        holders = sum(gram in found for found in counted)
        weight = max(math.log((len(texts) - holders + 0.5) / (holders + 0.5)), 1e-6)
        for index, found in enumerate(counted):
            length = 1.2 * (1 - 0.75 + 0.75 * found.total() / mean)
            scores[index] += weight * found[gram] * 2.2 / (found[gram] + length)
    return {index: score for index, score in scores.items() if score}


def test_texts_are_ranked_by_bm25() -> None:
    texts = sentences(40)
    index = NearestIndex(texts)
    for query in sentences(10, seed=1):
        expected = bm25(texts, query)
        found = dict(index.nearest(query, 40))
        assert found == pytest.approx(expected, rel=1e-6)
        assert list(found) == sorted(found, key=lambda place: (-found[place], place))


def test_no_more_than_asked_for_and_the_same_text_comes_first() -> None:
    texts = sentences(300)
    index = NearestIndex(texts)
    assert all(index.nearest(texts[place], 3)[0][0] == place for place in range(0, 300, 30))
    assert len(index.nearest(texts[0], 3)) == 3
    assert index.nearest(texts[0], 0) == []


def test_equally_near_texts_come_in_their_order() -> None:
    index = NearestIndex(["天地", "學而時習之", "日月", "學而時習之", "學而時習之"])
    assert [place for place, _ in index.nearest("學而時習", 2)] == [1, 3]


def test_punctuation_and_spaces_do_not_count() -> None:
    index = NearestIndex(["子曰學而", "曰： 「學 而。」", "天地玄黃", "宇宙洪荒", "日月盈昃"])
    (_, first), (_, second) = index.nearest("子，曰：學、而", 5)
    assert first > second > 0


ODD = [
    '"',
    "a OR b",
    "NEAR(x y)",
    "yy*",
    "^zz",
    "-vv",
    "{t}: u",
    "grams:w",
    "'; DROP TABLE found",
] + [
    "🙂🙃",
    "👩\u200d👧",
    "\x00",
    "\ud83d",
    "𠮷野家",
    "e\u0301tude",
    "ＡＢ",
    "\n\t ",
    "",
    "學",
    "…！？",
]


@pytest.mark.parametrize("odd", ODD)
def test_any_text_can_be_searched_and_searched_for(odd: str) -> None:
    index = NearestIndex([*ODD, *sentences(20)])
    found = index.nearest(odd, 1)
    assert [place for place, _ in found] == ([ODD.index(odd)] if odd.strip() else [])


def test_nothing_is_near_in_an_empty_index_or_to_a_foreign_text() -> None:
    assert NearestIndex([]).nearest("學而", 3) == []
    assert NearestIndex(["天地"]).nearest("學而", 3) == []


def test_a_very_long_text_can_be_searched_for() -> None:
    texts = sentences(50)
    assert len(NearestIndex(texts).nearest("".join(texts) * 5, 50)) == 50


def test_ten_thousand_texts_are_searched_in_a_few_seconds() -> None:
    """A tenth of a second on two cores; the limit leaves room for a busy machine."""
    rng = random.Random(2)
    letters = [chr(0x4E00 + int(rng.paretovariate(1.0) * 40) % 4000) for _ in range(300_000)]
    texts = ["".join(letters[place * 30 : place * 30 + 27]) for place in range(10_000)]
    began = time.monotonic()
    index = NearestIndex(texts)
    for text in texts[:250]:
        assert index.nearest(text, 8)
    assert time.monotonic() - began < 15


def test_a_python_without_full_text_search_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bare:
        def execute(self, _: str) -> None:
            raise sqlite3.OperationalError("no such module: fts5")

    def connect(*_: Any, **__: Any) -> Bare:
        return Bare()

    monkeypatch.setattr(sqlite3, "connect", connect)
    with pytest.raises(UserError, match="FTS5 .no such module: fts5.; use a Python whose SQLite"):
        NearestIndex(["天地"])
