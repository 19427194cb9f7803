"""Texts that are worded when they are read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.language import texts
from engine.language.errors import DataError
from engine.language.said import Joined, Said, labelled, listed, pack, unpack


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    texts.speak("en")


def in_both(said: object) -> tuple[str, str]:
    """A text in English and in Chinese, by one process."""
    texts.speak("en")
    english = str(said)
    texts.speak("zh-TW")
    return english, str(said)


def test_one_process_words_the_same_error_in_both_languages() -> None:
    error = DataError("{path}: no such file", path=Path("/data/train.json"))
    english, chinese = in_both(error)
    assert english == "/data/train.json: no such file"
    assert chinese == "/data/train.json：沒有這個檔案"


def test_a_place_may_hold_a_text() -> None:
    count = Said.counted("{count:,} pair", "{count:,} pairs", 1204)
    english, chinese = in_both(labelled("train.json", count))
    assert english == "train.json: 1,204 pairs"
    assert "1,204" in chinese
    assert chinese != english
    assert in_both(Said.counted("{count:,} pair", "{count:,} pairs", 1))[0] == "1 pair"


def test_a_list_takes_the_commas_of_its_language() -> None:
    assert in_both(listed(["a", "b"])) == ("a, b", "a、b")


def test_what_is_written_to_a_file_is_read_in_any_language() -> None:
    said = Joined("\n", [labelled("a", Said.in_context("file", "Training")), "as it stands {x}"])
    again = unpack(json.loads(json.dumps(pack(said))))
    assert in_both(again) == in_both(said)
    assert in_both(again)[1] == "a：訓練檔\nas it stands {x}"


@pytest.mark.parametrize(
    "text",
    ["{x.__class__}", "{x[0]}", "{x!r}", "{x:>999999999}", "{x:9999999999d}", "{0}", "{", "{y}"],
)
def test_a_strangers_text_is_filled_with_nothing_but_plain_places(text: str) -> None:
    assert str(unpack({"text": text, "places": {"x": 1}})) == text


def test_a_strangers_table_is_bounded() -> None:
    deep: object = "end"
    for _ in range(50):
        deep = {"text": "{x}", "places": {"x": deep}}
    assert len(str(unpack(deep))) < 10_000
    assert len(str(unpack({"text": "x" * 10**6}))) <= 20_000
    assert (
        str(unpack({"text": "{count}", "many": "{count} s", "places": {"count": "no"}})) == "no s"
    )
    assert str(unpack([1, 2])) == "[1, 2]"
