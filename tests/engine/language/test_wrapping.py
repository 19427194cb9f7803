"""A text is broken into lines by the columns it takes."""

from __future__ import annotations

import pytest

from engine.language.wrapping import flowed


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        ("y 軸取對數，正數才行", ["y 軸取對", "數，正數", "才行"]),
        ("用「是」答", ["用「是」", "答"]),
        ("one two three", ["one two", "three"]),
    ],
)
def test_chinese_fills_its_lines(words: str, lines: list[str]) -> None:
    assert flowed(words, 8) == lines
