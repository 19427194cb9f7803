"""Strategies: what each is."""

from __future__ import annotations

import pytest

from engine.language.errors import UserError
from engine.prompts import strategies


def test_only_few_shot_shows_examples_and_only_qlora_trains() -> None:
    found = {s.name: (s.shows_examples, s.trains) for s in strategies.STRATEGIES.values()}
    assert found == {
        "zero-shot": (False, False),
        "few-shot": (True, False),
        "qlora": (False, True),
    }


def test_an_unknown_strategy_is_named_with_the_nearest_and_all_there_are() -> None:
    with pytest.raises(UserError) as caught:
        strategies.get("few-shots")
    assert str(caught.value) == (
        "strategy: found 'few-shots', expected zero-shot, few-shot, qlora; did you mean 'few-shot'?"
    )
