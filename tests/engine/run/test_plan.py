"""The plan: optimizer steps, what is left out, and when a run is scored."""

from __future__ import annotations

import msgspec
import pytest
from samples import pair, tiny

from engine.data.dataset import Pair
from engine.language.errors import UserError
from engine.profile import files
from engine.profile.schema import Training
from engine.run import plan
from engine.run.plan import TrainingPlan
from engine.run.prompt_builder import builder_for


def planned(pairs: list[Pair], **overrides: str) -> TrainingPlan:
    changes = {f"training.{key}": value for key, value in overrides.items()}
    profile = files.override(tiny(), changes)
    found = plan.encode_for_training(profile.training, builder_for(profile, []), pairs)
    return plan.plan_training(profile.training, found)


@pytest.mark.parametrize(
    ("pairs", "batch_size", "epochs", "max_steps", "steps"),
    [
        (64, 32, 1.0, 0, 2),
        (65, 32, 1.0, 0, 3),
        (65, 32, 2.0, 0, 6),
        (64, 32, 1.5, 0, 3),
        (64, 32, 0.1, 0, 1),
        (64, 32, 2.0, 3, 3),
        (64, 32, 2.0, 9, 4),
        (1, 32, 1.0, 0, 1),
        (0, 32, 1.0, 0, 0),
    ],
)
def test_steps_are_the_batches_of_all_epochs_the_last_of_each_perhaps_smaller(
    pairs: int, batch_size: int, epochs: float, max_steps: int, steps: int
) -> None:
    training = Training(epochs=epochs, batch_size=batch_size, max_steps=max_steps)
    assert plan.count_steps(training, pairs) == steps


def test_a_pair_too_long_is_left_out_and_counted() -> None:
    long_answer = msgspec.structs.replace(pair(1), output="長" * 300)
    long_prompt = msgspec.structs.replace(pair(2), instruction="翻譯成現代文：\n" + "長" * 300)
    found = planned([pair(0), long_answer, long_prompt])
    assert (found.pairs, found.left_out) == (1, 2)


def test_a_pair_exactly_as_long_as_allowed_stays() -> None:
    encoded = builder_for(tiny(), []).encode(pair(1).instruction, pair(1).output)
    output, prompt = encoded.scored_count, len(encoded.ids) - encoded.scored_count
    fits = {"max_output_tokens": str(output), "max_prompt_tokens": str(prompt)}
    assert planned([pair(1)], **fits).left_out == 0
    for less in {"max_output_tokens": str(output - 1)}, {"max_prompt_tokens": str(prompt - 1)}:
        with pytest.raises(UserError, match="every training pair is longer"):
            planned([pair(1)], **fits | less)


def test_tokens_are_those_of_the_encoded_pairs() -> None:
    builder = builder_for(tiny(), [])
    pairs = [pair(number) for number in range(3)]
    encoded = [builder.encode(item.instruction, item.output) for item in pairs]
    found = planned(pairs)
    assert found.tokens == sum(len(item.ids) for item in encoded)
    assert found.scored == sum(item.scored_count for item in encoded)


@pytest.mark.parametrize(
    ("changes", "evaluate_every", "checkpoint_every"),
    [
        ({}, 3, 3),
        ({"evaluate_every": "7"}, 7, 7),
        ({"checkpoint_every": "7"}, 3, 7),
        ({"max_steps": "4"}, 1, 1),
    ],
)
def test_by_default_a_run_is_scored_and_saved_ten_times(
    changes: dict[str, str], evaluate_every: int, checkpoint_every: int
) -> None:
    settings = {"batch_size": "1", "epochs": "1", "evaluate_every": "0", **changes}
    found = planned([pair(n) for n in range(25)], **settings)
    assert (found.evaluate_every, found.checkpoint_every) == (evaluate_every, checkpoint_every)


def test_a_pair_is_cut_at_the_end_of_its_prompt_and_of_its_answer() -> None:
    """What is too long of either is gone, and no token changes sides."""
    builder = builder_for(tiny(), [])
    whole = builder.encode(pair(1).instruction, pair(1).output)
    at = len(whole.ids) - whole.scored_count
    lengths = {"max_prompt_tokens": at - 2, "max_output_tokens": whole.scored_count - 1}
    training = Training(too_long="cut", **lengths)
    found = plan.encode_for_training(training, builder, [pair(1)])
    assert (found.left_out, found.cut) == (0, 1)
    (item,) = found.encoded
    assert item.ids == whole.ids[: at - 2] + whole.ids[at:-1]
    assert item.scored == [0] * (at - 2) + [1] * (whole.scored_count - 1)
    assert item.text == whole.text


@pytest.mark.parametrize("too_long", ["leave_out", "cut"])
def test_every_pair_is_told_with_what_becomes_of_it(too_long: str) -> None:
    builder = builder_for(tiny(), [])
    long = msgspec.structs.replace(pair(1), output="長" * 300)
    training = Training(too_long=too_long, max_output_tokens=64)  # type: ignore[arg-type]
    (whole, is_cut), (other, other_is_cut) = plan.encoded_one_by_one(
        training, builder, [pair(0), long]
    )
    assert whole is not None
    assert not is_cut
    assert (other is None, other_is_cut) == (too_long == "leave_out", too_long == "cut")
    found = plan.encode_for_training(training, builder, [pair(0), long, long])
    assert (found.left_out, found.cut) == ((2, 0) if too_long == "leave_out" else (0, 2))


@pytest.mark.parametrize(("steps", "every"), [(1, 1), (10, 1), (11, 2), (110, 11), (0, 1)])
def test_a_curve_has_ten_points_where_no_distance_is_asked_for(steps: int, every: int) -> None:
    assert plan.evaluate_every(Training(), steps) == every
    assert plan.evaluate_every(Training(evaluate_every=7), steps) == 7


@pytest.mark.parametrize("every", [1, 2, 3, 5, 7, 12])
@pytest.mark.parametrize("steps", [1, 5, 6, 7, 12])
def test_the_points_still_to_come_are_those_that_the_loop_will_score(
    steps: int, every: int
) -> None:
    """Every so many steps, and the last one."""
    scored = {step for step in range(1, steps + 1) if step % every == 0 or step == steps}
    for step in range(1, steps + 1):
        expected = len([one for one in scored if one >= step])
        assert plan.points_from(step, steps, every) == expected
