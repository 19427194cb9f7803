"""Few-shot examples: drawn, named or looked up, never out of the scored file."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from samples import pair

from engine.data.dataset import Pair
from engine.language.errors import ProfileError, UserError
from engine.profile import files
from engine.profile.schema import FewShot
from engine.prompts import few_shot
from engine.prompts.few_shot import Examples

TRAIN = [pair(number, classical=number % 2 == 0) for number in range(40)]


def draw(train: Sequence[Pair], scored: Sequence[Pair], count: int, seed: int) -> list[Pair]:
    return few_shot.pool(FewShot(examples=count, seed=seed), train, scored)


def test_the_same_seed_draws_the_same_examples() -> None:
    drawn = draw(TRAIN, [], 6, seed=3)
    assert drawn == draw(TRAIN, [], 6, seed=3)
    assert drawn != draw(TRAIN, [], 6, seed=4)


def test_the_two_directions_are_drawn_in_turn() -> None:
    drawn = draw(TRAIN, [], 4, seed=0)
    assert [p.direction for p in drawn] == ["to_modern", "to_classical"] * 2


def test_no_example_is_drawn_twice() -> None:
    drawn = draw(TRAIN, [], 40, seed=0)
    assert {p.id for p in drawn} == {p.id for p in TRAIN}


def test_where_one_direction_runs_out_the_other_fills_up() -> None:
    train = [pair(1), *(pair(number, classical=True) for number in range(2, 6))]
    drawn = draw(train, [], 5, seed=0)
    assert {p.id for p in drawn} == {p.id for p in train}


def test_a_pair_of_the_scored_file_is_never_drawn() -> None:
    drawn = draw(TRAIN, TRAIN[:30], 10, seed=0)
    assert {p.id for p in drawn} == {p.id for p in TRAIN[30:]}


def test_a_pair_of_the_scored_file_is_not_drawn_in_the_other_direction_either() -> None:
    modern = pair(1)
    turned = msgspec.structs.replace(
        modern, instruction=f"翻譯成文言文：\n{modern.output}", output=modern.source_text
    )
    with pytest.raises(UserError):
        draw([turned], [modern], 1, seed=0)


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
        draw([with_secret(1, train_side)], [with_secret(2, scored_side)], 1, seed=0)


def test_a_scored_file_without_answers_forbids_by_its_sentences() -> None:
    scored = [msgspec.structs.replace(p, output="") for p in TRAIN[:39]]
    assert draw(TRAIN, scored, 1, seed=0) == [TRAIN[39]]


def test_too_few_pairs_are_said_with_both_numbers() -> None:
    with pytest.raises(UserError, match=r"few_shot\.examples: 3 asked for, .* only 2 pairs"):
        draw(TRAIN[:2], [], 3, seed=0)


def test_no_examples_can_be_asked_for() -> None:
    assert draw([], [], 0, seed=0) == []


def sentence(number: int, text: str, answer: str, *, classical: bool = False) -> Pair:
    ask = "翻譯成文言文：" if classical else "翻譯成現代文："
    return Pair(f"s{number}", f"{ask}\n{text}", answer)


def test_the_same_examples_stand_before_every_item() -> None:
    shown = Examples(FewShot(), TRAIN[:3])
    assert (shown.vary, shown.count) == (False, 3)
    assert shown.before(TRAIN[7].instruction) == shown.before("") == tuple(TRAIN[:3])


def test_of_the_same_direction_an_item_sees_k_of_its_own() -> None:
    settings = FewShot(examples=3, direction="same", seed=5)
    pool = few_shot.pool(settings, TRAIN, TRAIN[:4])
    assert len(pool) == 6
    shown = Examples(settings, pool)
    assert (shown.vary, shown.count) == (True, 3)
    for item in TRAIN[:4]:
        before = shown.before(item.instruction)
        assert [example.direction for example in before] == [item.direction] * 3
    assert len(shown.before("他走了")) == 3  # asks for nothing: both directions in turn


def test_only_the_directions_that_are_scored_need_examples() -> None:
    to_modern = [pair(number) for number in range(9)]
    settings = FewShot(examples=3, direction="same")
    assert len(few_shot.pool(settings, to_modern, [pair(99)])) == 3
    with pytest.raises(UserError, match=r"3 asked for, .* only 0 pairs of 白→文"):
        few_shot.pool(settings, to_modern, [pair(99, classical=True)])


def test_named_examples_come_in_the_order_of_their_names() -> None:
    settings = FewShot(choose="ids", ids=("p7", "p2"))
    assert few_shot.pool(settings, TRAIN, []) == [TRAIN[7], TRAIN[2]]
    assert Examples(settings, [TRAIN[7], TRAIN[2]]).count == 2


def test_a_name_that_is_unknown_or_scored_is_said() -> None:
    with pytest.raises(UserError, match="few_shot.ids: no training pair 'p77'; did you mean 'p7'"):
        few_shot.pool(FewShot(choose="ids", ids=("p77",)), TRAIN, [])
    with pytest.raises(UserError, match="few_shot.ids: 'p7' also stands in the scored file"):
        few_shot.pool(FewShot(choose="ids", ids=("p7",)), TRAIN, [TRAIN[7]])


def test_ids_that_nothing_chooses_are_a_mistake() -> None:
    overrides = {"few_shot.ids": '["train-1"]', "few_shot.choose": "random"}
    with pytest.raises(ProfileError, match="goes with few_shot.choose"):
        files.load("tiny", overrides)


WORDS = [
    sentence(1, "王問曰何如", "國王問怎麼樣"),
    sentence(2, "國王問他怎麼辦", "王問之奈何", classical=True),
    sentence(3, "山高水長", "山很高水很長"),
    sentence(4, "國王說怎麼樣", "王曰何如", classical=True),
    sentence(5, "星月皎潔", "星星月亮皎潔明亮"),
]


def test_the_nearest_examples_are_those_that_share_most_with_the_item() -> None:
    settings = FewShot(choose="nearest", examples=2)
    shown = Examples(settings, few_shot.pool(settings, WORDS, []))
    assert shown.vary
    before = shown.before("翻譯成文言文：\n國王問怎麼樣")
    assert {example.id for example in before} == {"s2", "s4"}
    (last,) = Examples(FewShot(choose="nearest", examples=1), WORDS).before("山高水遠")
    assert last.id == "s3"


def test_the_most_similar_example_stands_next_to_the_item() -> None:
    settings = FewShot(choose="nearest", examples=3)
    assert Examples(settings, WORDS).before(WORDS[2].instruction)[-1] == WORDS[2]


def test_nearest_of_the_same_direction_and_filled_up_where_nothing_is_alike() -> None:
    settings = FewShot(choose="nearest", examples=2, direction="same")
    before = Examples(settings, WORDS).before("翻譯成現代文：\n國王問怎麼樣")
    assert {example.id for example in before} == {"s1", "s3"}


def test_nearest_looks_among_all_but_the_scored_pairs() -> None:
    settings = FewShot(choose="nearest", examples=2)
    assert few_shot.pool(settings, WORDS, [WORDS[2]]) == [*WORDS[:2], *WORDS[3:]]
    assert few_shot.pool(FewShot(choose="nearest", examples=0), WORDS, []) == []


def test_what_varies_has_a_fingerprint_of_all_that_it_varies_by() -> None:
    def of(pairs: list[Pair], **changes: object) -> str:
        settings = msgspec.structs.replace(FewShot(choose="nearest", examples=2), **changes)
        return Examples(settings, pairs).fingerprint

    assert Examples(FewShot(), WORDS).fingerprint == ""
    assert of(WORDS) == of(list(WORDS))
    assert len({of(WORDS), of(WORDS[:4]), of(WORDS, examples=3), of(WORDS, direction="same")}) == 4


def test_an_item_sees_no_more_than_there_are_and_no_more_than_asked_for() -> None:
    assert Examples(FewShot(choose="nearest", examples=2), WORDS).count == 2
    assert Examples(FewShot(choose="nearest", examples=9), WORDS).count == 5
    assert Examples(FewShot(direction="same", examples=3), WORDS).count == 3  # of to_modern


def test_of_an_unknown_direction_the_nearest_of_both_are_shown() -> None:
    settings = FewShot(choose="nearest", examples=2, direction="same")
    before = Examples(settings, WORDS).before("國王問怎麼樣")
    assert {example.id for example in before} == {"s2", "s4"}


def test_of_mixed_directions_the_nearest_are_shown_whatever_is_asked_for() -> None:
    settings = FewShot(choose="nearest", examples=1)
    (shown,) = Examples(settings, WORDS).before("翻譯成文言文：\n星月皎潔")
    assert shown.id == "s5"


def test_where_all_that_is_near_goes_the_other_way_the_nearest_of_its_own_is_still_found() -> None:
    """The nearest are looked at first; then all, before others fill up."""
    others = [sentence(n, f"國王問怎麼樣{n}", "王問何如", classical=True) for n in range(6)]
    train = [sentence(7, "山高水長", "山很高"), *others, sentence(8, "王問之", "國王問他")]
    settings = FewShot(choose="nearest", examples=1, direction="same")
    (shown,) = Examples(settings, train).before("翻譯成現代文：\n國王問怎麼樣")
    assert shown.id == "s8"
