"""Plain text for terminals: Chinese lines up, control characters do not get through."""

from __future__ import annotations

import math

import pytest
from samples import score, step

from engine.cli.follow import progress_line
from engine.cli.question import is_wanted
from engine.cli.table import table
from engine.language import figures, plain_text
from engine.run.events import Evaluated, Finished, Phase, Started
from engine.run.summary import Summary


@pytest.mark.parametrize(
    ("shown", "columns"), [("abc", 3), ("文言", 4), ("，", 2), ("e\u0301", 1), ("", 0)]
)
def test_a_chinese_character_takes_two_columns_and_a_combining_one_none(
    shown: str, columns: int
) -> None:
    assert plain_text.width(shown) == columns


def test_columns_line_up_whatever_the_language() -> None:
    lines = table(["a", "b"], [["文言", "x"], ["y", "白話文"]]).splitlines()
    assert lines == ["a     b", "────  ──────", "文言  x", "y     白話文"]


def test_numbers_are_set_flush_right() -> None:
    assert table(["n"], [["1"], ["100"]], right=(0,)).splitlines()[2] == "  1"


def test_escape_sequences_and_control_characters_do_not_get_through() -> None:
    assert plain_text.one_line("a\x1b[31m\n\tb\x07") == "a b"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "00:00"), (61.4, "01:01"), (3661, "1:01:01"), (math.nan, "–"), (math.inf, "–")],
)
def test_a_duration_is_shown_as_a_clock_does(seconds: float, shown: str) -> None:
    assert figures.clock(seconds) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (math.nan, "–"), (1234.567, "1,235"), (12.346, "12.35"), (math.inf, "∞")],
)
def test_a_number_that_is_none_is_a_dash(value: float | None, shown: str) -> None:
    assert figures.number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(12, "12"), (5100, "5.1k"), (2.3e6, "2.3M"), (4e9, "4.0G")]
)
def test_a_big_number_is_shortened(value: float, shown: str) -> None:
    assert figures.thousands(value) == shown


def test_progress_says_step_loss_score_and_pace() -> None:
    summary = Summary()
    for event in (Started(steps=100), Evaluated(part="test", score=score()), step(25)):
        summary.apply(event)
    assert progress_line(summary).startswith(
        "● running · step 25/100 25% · loss 2.750 · test ppl 12.50 · 100 tok/s · "
    )
    assert "left" not in progress_line(summary)
    assert progress_line(summary, 61.0).endswith(" · 01:01 left")
    summary.apply(Finished(steps=100))
    assert "left" not in progress_line(summary, 61.0)


def test_progress_says_what_a_run_without_steps_is_at() -> None:
    summary = Summary()
    summary.apply(Started())
    summary.apply(Phase(name="scoring the test file", done=3, of=84))
    assert progress_line(summary).startswith("● running · scoring the test file 3/84 · ")


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ("y", True),
        (" Yes ", True),
        ("是", True),
        ("是的", True),
        ("", False),
        ("n", False),
        ("否", False),
    ],
)
def test_a_question_is_answered_with_yes_in_either_language(
    monkeypatch: pytest.MonkeyPatch, answer: str, wanted: bool
) -> None:
    monkeypatch.setattr("builtins.input", lambda question: answer)
    assert is_wanted("Delete it?") is wanted
