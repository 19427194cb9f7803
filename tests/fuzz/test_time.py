"""What a stranger's text may cost grows as its length: ten times as long, ten times the time.

Nothing is timed against a clock: two hundred thousand characters that a quadratic expression would
spend minutes of processor on must take some seconds of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import forked
import pytest

from engine.data import directions, odd_characters, sides, templates, text_file
from engine.data.dataset import Pair
from engine.data.leaks import find_leaks
from engine.language import plain_text, wrapping
from engine.language.said import Said, unpack
from engine.report import latex, markdown
from engine.run import notes
from engine.table import query

LENGTH = 200_000
CPU = 20.0
"""Seconds of processor for one function and all texts."""
UNITS = (
    "a", "學", ",", '"', 'a,', '","', "\x1b[", "\x9b", "\x1b]", "{", "{a", "翻譯這", "to ", "<a ",
    "&#1", "\xe5¤©", "「", "。", " ", "\n", "/", "1.", "[a](", "`", "*", "|", "答案 ", "#", "a:1 ",
    "\u0301",
)  # fmt: skip
ALONE = (
    "答案" + " " * LENGTH + "x",
    "modern" + "翻譯這" * (LENGTH // 3),
    'a:"' + "b," * (LENGTH // 2),
)
READ: dict[str, Callable[[str], object]] = {
    "a query": query.parse,
    "a field of a query": lambda text: query.parse("name:" + text),
    "plain text": plain_text.plain,
    "a line": plain_text.one_line,
    "JSON for a terminal": plain_text.escaped,
    "a cell": lambda text: plain_text.cut(text, LENGTH),
    "lines": lambda text: wrapping.flowed(text, 80),
    "a text with places": lambda text: str(Said(text, a=text)),
    "a text from a file": lambda text: str(unpack({"text": text, "places": {"a": text}})),
    "an instruction": directions.of_instruction,
    "a sentence": directions.source_text,
    "a template": templates.template_of,
    "odd characters": lambda text: list(odd_characters.find(text)),
    "an answer's first words": sides.answer_prefix,
    "Markdown": lambda text: markdown.escape(text) + markdown.block(text),
    "LaTeX": latex.escape,
    "tags": lambda text: notes.clean(text, [text], text),
}


def _texts() -> Iterator[str]:
    yield from ((unit * LENGTH)[:LENGTH] for unit in UNITS)
    yield from ALONE


@pytest.mark.parametrize("name", READ)
def test_what_a_text_costs_grows_as_its_length(name: str) -> None:
    def does() -> int:
        for text in _texts():
            try:
                READ[name](text)
            except query.QueryError:
                continue
        return 0

    found = forked.run(does)
    assert not found.fell, found
    assert found.cpu < CPU, found


def test_a_file_of_one_line_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gibibytes would be copied if each part were put behind all before it."""
    monkeypatch.setattr(text_file, "_PART", 4096)
    file = tmp_path / "a.txt"
    file.write_bytes(b"a" * (50 << 20))
    found = forked.run(lambda: len(list(text_file.lines(file))) - 1)
    assert found.status == 0, found
    assert found.cpu < CPU, found


def test_two_passages_are_compared_by_their_beginnings() -> None:
    one, other = "答案 " * 30_000, "案答 " * 30_000
    pairs = [Pair("a", one, other)], [Pair("b", other, one)]
    found = forked.run(lambda: len(find_leaks(*pairs, threshold=0.5)) > 9)
    assert found.status == 0, found
    assert found.cpu < CPU, found
