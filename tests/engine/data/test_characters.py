"""Which characters are Simplified only: what a Traditional text must not hold."""

from __future__ import annotations

import json
import sys

import pytest
from samples import MODEL

from engine.data import characters
from engine.data.characters import converter, simplified_characters
from engine.language.errors import UserError


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("学而时习之，不亦说乎？", "学时习说"),
        ("學而時習之，不亦說乎？", ""),
        ("他对国家说：这样不对！", "对国说这样对"),
        ("與体机与", "体机与"),
        ("皇后在千里之外的山谷裡，云何干卿底事？", ""),
        ("几案、余一人、准許、丑時、征伐、系統、只是", ""),
        ("万俟氏、党氏、手頭拮据、盜跖", ""),
        ("臺灣、著作、為什麼、裡面、群眾、吃飯", ""),
        ("abc 123 ，。🙂\ud83d", ""),
        ("𠀾", "𠀾"),
        ("", ""),
    ],
)
def test_simplified_characters_are_found_each_as_often_as_it_stands(text: str, found: str) -> None:
    assert simplified_characters(text) == found


def test_the_sample_data_holds_none_and_all_its_simplified_sentences_do() -> None:
    items = json.loads((MODEL / "data" / "train.json").read_text("utf-8"))
    texts = [item["output"] for item in items]
    assert [text for text in texts if simplified_characters(text)] == []
    simplified = converter("t2s")("\n".join(texts)).split("\n")
    long = [new for old, new in zip(texts, simplified) if new != old]
    assert len(long) > 0.9 * len(texts)
    assert sum(bool(simplified_characters(text)) for text in long) > 0.95 * len(long)


def test_a_missing_opencc_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opencc", None)
    characters.converter.cache_clear()
    with pytest.raises(UserError, match="pip install opencc"):
        converter("s2t")
