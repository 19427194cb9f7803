"""The seed's training loop, against a plain retelling of what it did."""

from __future__ import annotations

import math

import pytest
from samples import pair, tiny

from engine.profile import files, seed_loop
from engine.profile.schema import Training
from engine.run import plan, prompt_builder


def retold(pairs: int, micro_batch: int, epochs: int) -> list[list[int]]:
    """What each update of the original loop saw: gradients are cleared before every micro-batch,
    and every eighth one of an epoch ends in a step."""
    updates = []
    for _ in range(epochs):
        starts = range(0, pairs, micro_batch)
        for number, start in enumerate(starts):
            gradient = list(range(start, min(start + micro_batch, pairs)))  # of this one alone
            if (number + 1) % 8 == 0:
                updates.append(gradient)
    return updates


@pytest.mark.parametrize("pairs", [10_000, 9_999, 64, 63, 61, 60, 33, 32, 29, 28, 1])
def test_updates_see_what_the_originals_saw(pairs: int) -> None:
    training = Training(batch_size=32, epochs=2, seed_bug_compatible=True)
    order = list(range(pairs))
    steps = seed_loop.steps_per_epoch(pairs, 32)
    batches = [order[start : start + 32] for start in range(0, pairs, 32)][:steps]
    seen = [list(seed_loop.stepped_on(batch, 32)) for batch in batches]
    assert seen * 2 == retold(pairs, 4, 2)
    assert plan.count_steps(training, pairs) == len(retold(pairs, 4, 2))


@pytest.mark.parametrize(("epochs", "steps", "warmup"), [(4, 1248, 187), (2, 624, 93)])
def test_the_courses_data_make_as_many_updates_as_the_report_has(
    epochs: int, steps: int, warmup: int
) -> None:
    training = Training(batch_size=32, epochs=epochs, seed_bug_compatible=True)
    assert plan.count_steps(training, 10_000) == steps == epochs * (math.ceil(10_000 / 4) // 8)
    assert seed_loop.warmup_steps(steps, 0.15) == warmup


def test_accumulated_right_every_pair_is_learnt_from() -> None:
    assert plan.count_steps(Training(batch_size=32, epochs=4), 10_000) == 1252


def test_a_pair_that_is_too_long_is_cut_where_that_is_asked_for() -> None:
    profile = files.override(
        tiny(),
        {
            "training.too_long": "cut",
            "training.max_prompt_tokens": "6",
            "training.max_output_tokens": "2",
        },
    )
    builder = prompt_builder.builder_for(profile, [])
    whole = builder.encode(pair(1).instruction, pair(1).output)
    at = len(whole.ids) - whole.scored_count
    (cut,) = plan.encode_for_training(profile.training, builder, [pair(1)]).encoded
    assert cut.ids == whole.ids[:6] + whole.ids[at : at + 2]
    assert cut.scored == [0] * 6 + [1] * 2
    assert builder.tokenizer.eos_id not in cut.ids  # which is why it is not the default
