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


def test_each_is_listed_by_what_it_does() -> None:
    assert [one.name for one in strategies.untrained()] == ["zero-shot", "few-shot"]
    assert [one.name for one in strategies.showing_examples()] == ["few-shot"]
    assert [one.name for one in strategies.training()] == ["qlora"]


def test_several_are_named_in_a_sentence_and_one_stands_alone() -> None:
    every = list(strategies.STRATEGIES.values())
    assert strategies.either(every) == "zero-shot, few-shot or QLoRA"
    assert strategies.either(every[1:]) == "few-shot or QLoRA"
    assert strategies.either(every[:1]) == "zero-shot"
