"""What `yiwen data check` finds of what conversions, copies and pages leave in a text."""

from __future__ import annotations

from pathlib import Path

import pytest
from samples import MODEL, write_pairs

from engine.data import odd_characters
from engine.data.inspection import inspect
from engine.data.records import load


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("河水盡\ufffd\ufffd", "replacement", "U+FFFD ×2"),
        ("天\x00寒\x1b[0m", "control", "U+0000  U+001B"),
        ("天\r寒", "control", "U+000D"),
        ("天\u200b寒\ufeff", "invisible", "U+200B  U+FEFF"),
        ("天\u202e寒", "invisible", "U+202E"),
        ("天\ue1ef寒", "private use", "U+E1EF"),
        ("曰：&ldquo;善&rdquo;&nbsp;<br/>", "html", "&ldquo; &rdquo; &nbsp; <br/>"),
        ('說<sup class="x">[1]</sup>', "html", '<sup class="x"> </sup>'),
        ("天氣很冷".encode().decode("cp1252", errors="ignore"), "mojibake", ""),
        ("天氣很冷，河水都結冰了。".encode().decode("gbk", errors="replace"), "mojibake", ""),
        ("天氣很冷河水都結".encode().decode("gbk"), "mojibake", "天氣很冷河水都結"),
    ],
)
def test_what_is_odd_is_named_with_what_was_found(text: str, kind: str, said: str) -> None:
    found = dict(odd_characters.find(text))
    assert kind in found
    assert said in found[kind]  # type: ignore[index]


@pytest.mark.parametrize(
    "text", ["天\r\n寒\t冰", "a < b & c", "AT&T；3 > 2", "café – naïve", "𠀀㐀〇"]
)
def test_what_is_in_order_is_passed_over(text: str) -> None:
    assert list(odd_characters.find(text)) == []


def test_the_samples_have_nothing_odd_and_no_sides_swapped() -> None:
    kinds = {each.kind for each in inspect(load(str(MODEL / "data" / "train.json")))}
    assert not kinds & {"replacement", "control", "invisible", "html", "mojibake", "swapped"}


def test_swapped_sides_are_named_with_the_item() -> None:
    pair = {
        "id": "swapped",
        "instruction": "翻譯成文言文：\n天寒，河水盡冰，弗可渡也矣。",
        "output": "天氣很冷，河水都結了冰，沒有辦法渡過去了。",
    }
    (found,) = inspect(load(str(write_pairs(Path("a.json"), [pair]))))
    assert (found.kind, found.id) == ("swapped", "swapped")
