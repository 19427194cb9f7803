"""The bytes of data files: what is passed over, and what is named when it is no UTF-8."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import dataset
from engine.errors import DataError

GOOD = {"id": "a", "instruction": "翻譯成現代文：\n學", "output": "學習"}


def write(name: str, content: str | bytes) -> Path:
    raw = content.encode() if isinstance(content, str) else content
    Path(name).write_bytes(raw)
    return Path(name)


def message(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        dataset.read(path)
    return str(caught.value)


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.tsv"])
def test_a_byte_order_mark_is_passed_over(name: str) -> None:
    text = {"a.json": json.dumps([GOOD]), "a.jsonl": json.dumps(GOOD), "a.tsv": "問\t答"}[name]
    assert dataset.read(write(name, "\ufeff" + text)).pairs[0].instruction[0] in "翻問"


def test_utf_16_is_named() -> None:
    assert (
        message(write("a.tsv", "問\t答".encode("utf-16"))) == "a.tsv: is UTF-16; save it as UTF-8"
    )


def test_big5_is_guessed_and_named_with_the_line() -> None:
    said = message(write("a.tsv", b"a\tb\n" + "翻譯\t答".encode("big5")))
    assert said == "a.tsv: line 2: not UTF-8 (byte 0xb5), perhaps Big5; save it as UTF-8"


def test_invalid_utf_8_is_named_with_the_line_and_the_byte() -> None:
    said = message(write("a.json", b'[\n\n"\xff\xff"]'))
    assert said == "a.json: line 3: not UTF-8 (byte 0xff); save it as UTF-8"
