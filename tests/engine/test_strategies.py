"""Strategies: what each is, and a draw of examples that neither leaks nor leans one way."""

from __future__ import annotations

import msgspec
import pytest
from samples import pair

from engine import strategies
from engine.dataset import Pair
from engine.errors import UserError

TRAIN = [pair(number, classical=number % 2 == 0) for number in range(40)]


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


def test_the_same_seed_draws_the_same_examples() -> None:
    drawn = strategies.draw_examples(TRAIN, [], 6, seed=3)
    assert drawn == strategies.draw_examples(TRAIN, [], 6, seed=3)
    assert drawn != strategies.draw_examples(TRAIN, [], 6, seed=4)


def test_the_two_directions_are_drawn_in_turn() -> None:
    drawn = strategies.draw_examples(TRAIN, [], 4, seed=0)
    assert [p.direction for p in drawn] == ["to_modern", "to_classical"] * 2


def test_no_example_is_drawn_twice() -> None:
    drawn = strategies.draw_examples(TRAIN, [], 40, seed=0)
    assert {p.id for p in drawn} == {p.id for p in TRAIN}


def test_where_one_direction_runs_out_the_other_fills_up() -> None:
    train = [pair(1), *(pair(number, classical=True) for number in range(2, 6))]
    drawn = strategies.draw_examples(train, [], 5, seed=0)
    assert {p.id for p in drawn} == {p.id for p in train}


def test_a_pair_of_the_scored_file_is_never_drawn() -> None:
    drawn = strategies.draw_examples(TRAIN, TRAIN[:30], 10, seed=0)
    assert {p.id for p in drawn} == {p.id for p in TRAIN[30:]}


def test_a_pair_of_the_scored_file_is_not_drawn_in_the_other_direction_either() -> None:
    modern = pair(1)
    turned = msgspec.structs.replace(
        modern, instruction=f"翻譯成文言文：\n{modern.output}", output=modern.source_text
    )
    with pytest.raises(UserError):
        strategies.draw_examples([turned], [modern], 1, seed=0)


@pytest.mark.parametrize("scored_side", ["source", "output"])
@pytest.mark.parametrize("train_side", ["source", "output"])
def test_one_side_shared_with_the_scored_file_is_enough_to_be_left_out(
    scored_side: str, train_side: str
) -> None:
    def with_secret(number: int, side: str) -> Pair:
        made = pair(number)
        if side == "output":
            return msgspec.structs.replace(made, output="秘")
        return msgspec.structs.replace(made, instruction="翻譯成現代文：\n秘")

    with pytest.raises(UserError):
        strategies.draw_examples(
            [with_secret(1, train_side)], [with_secret(2, scored_side)], 1, seed=0
        )


def test_a_scored_file_without_answers_forbids_by_its_sentences() -> None:
    scored = [msgspec.structs.replace(p, output="") for p in TRAIN[:39]]
    assert strategies.draw_examples(TRAIN, scored, 1, seed=0) == [TRAIN[39]]


def test_too_few_pairs_are_said_with_both_numbers() -> None:
    with pytest.raises(UserError, match=r"few_shot\.examples: 3 asked for, .* only 2 pairs"):
        strategies.draw_examples(TRAIN[:2], [], 3, seed=0)


def test_no_examples_can_be_asked_for() -> None:
    assert strategies.draw_examples([], [], 0, seed=0) == []
