"""Text from outside cannot command the terminal."""

from __future__ import annotations

import pytest

from engine.language.figures import progress
from engine.language.plain_text import one_line, plain


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("a\x9b31mred", "ared"),
        ("\x1b]0;a new title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPq#0\x1b\\sixel", "sixel"),
        ("\x90q#0\x9csixel", "sixel"),
        ("\x1b(0lines\x1b(B", "lines"),
        ("\x1bcreset", "reset"),
        ("\x1b7saved\x1b8", "saved"),
        ("\x1b$)Cset", "set"),
        ("\x1b[1;2譯", "1;2譯"),
        ("lone \x1b，and \x00 and \x7f", "lone ，and  and "),
        ("carriage\rreturn", "carriagereturn"),
        ("right\u202eleft", "rightleft"),
        ("文言\n白話", "文言\n白話"),
        ("a\tb", "a    b"),
        ("[/nope] [red]", "[/nope] [red]"),
    ],
)
def test_only_what_can_be_read_is_left(hostile: str, harmless: str) -> None:
    assert plain(hostile) == harmless


def test_an_unended_sequence_swallows_no_other_line() -> None:
    assert plain("\x1b]0;title\nsecond line") == "\nsecond line"


def test_progress_is_whole_only_at_the_end() -> None:
    said = [progress(done, of) for done, of in ((0, 6), (1, 6), (999, 1000), (7, 6), (1, 0))]
    assert said == ["0%", "16%", "99%", "100%", "–"]


def test_one_line_has_no_breaks() -> None:
    assert one_line(" 文言\n\n  白話\t。") == "文言 白話 。"
