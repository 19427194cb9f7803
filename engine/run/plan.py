"""What a run will do, before it does it: pairs, tokens, optimizer steps, what is left out."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence, Sized
from dataclasses import dataclass

from engine.data.dataset import Pair
from engine.language.errors import UserError
from engine.profile import seed_loop
from engine.profile.schema import Training
from engine.prompts.builder import Encoded, PromptBuilder


@dataclass(frozen=True)
class TrainingPlan:
    """A training run in numbers."""

    pairs: int
    left_out: int
    """Pairs whose prompt or output is too long for the profile."""
    cut: int
    """Pairs that lose their end instead, where the profile wants that."""
    tokens: int
    """Tokens of one epoch, padding not counted."""
    scored: int
    """Of these, tokens that carry loss."""
    steps: int
    """Optimizer steps of the whole run."""
    evaluate_every: int
    checkpoint_every: int


@dataclass(frozen=True)
class TrainingPairs:
    """Training pairs as the model sees them."""

    encoded: list[Encoded]
    left_out: int
    """Pairs that are too long."""
    cut: int
    """Pairs that were, and have lost their end."""


def plan_training(training: Training, pairs: TrainingPairs) -> TrainingPlan:
    """Count what training on these pairs comes to."""
    lengths = [(len(item.ids), item.scored_count) for item in pairs.encoded]
    return plan_counted(training, lengths, left_out=pairs.left_out, cut=pairs.cut)


def plan_counted(
    training: Training, lengths: Collection[tuple[int, int]], *, left_out: int, cut: int
) -> TrainingPlan:
    """The same where only the lengths of pairs are known: all tokens, and those that are scored."""
    steps = count_steps(training, len(lengths))
    every = evaluate_every(training, steps)
    return TrainingPlan(
        pairs=len(lengths),
        left_out=left_out,
        cut=cut,
        tokens=sum(length for length, _scored in lengths),
        scored=sum(scored for _length, scored in lengths),
        steps=steps,
        evaluate_every=every,
        checkpoint_every=training.checkpoint_every or every,
    )


def encode_for_training(
    training: Training, builder: PromptBuilder, pairs: Sequence[Pair]
) -> TrainingPairs:
    """Encode the pairs that fit the profile's lengths. Raises UserError if none does."""
    encoded, left_out, cut = [], 0, 0
    for item, is_cut in encoded_one_by_one(training, builder, pairs):
        cut += is_cut
        if item is None:
            left_out += 1
        else:
            encoded.append(item)
    require_some(encoded)
    return TrainingPairs(encoded, left_out, cut)


def require_some(encoded: Sized) -> None:
    """Raises UserError if no pair fits."""
    if not len(encoded):
        raise UserError(
            "every training pair is longer than training.max_prompt_tokens or max_output_tokens"
        )


def encoded_one_by_one(
    training: Training, builder: PromptBuilder, pairs: Sequence[Pair]
) -> Iterator[tuple[Encoded | None, bool]]:
    """Each pair as it is trained on, and whether it is cut; None if it is left out.

    A pair that is too long is left out unless the profile wants it cut: a cut answer teaches the
    model not to end.
    """
    for whole in builder.encode_all(pairs):
        at = len(whole.ids) - whole.scored_count
        if at <= training.max_prompt_tokens and whole.scored_count <= training.max_output_tokens:
            yield whole, False
        elif training.too_long == "cut":
            yield _cut(training, whole, at), True
        else:
            yield None, False


def _cut(training: Training, whole: Encoded, at: int) -> Encoded:
    """What is left of a pair whose answer begins at a token."""
    prompt = whole.ids[:at][: training.max_prompt_tokens]
    answer = whole.ids[at:][: training.max_output_tokens]
    scored = [0] * len(prompt) + [1] * len(answer)
    return Encoded(whole.text, prompt + answer, scored, whole.id)


def steps_per_epoch(training: Training, pairs: int) -> int:
    """Optimizer steps in one pass over the pairs: the last batch may be smaller."""
    if training.seed_bug_compatible:
        return seed_loop.steps_per_epoch(pairs, training.batch_size)
    return math.ceil(pairs / training.batch_size)


def count_steps(training: Training, pairs: int) -> int:
    """Optimizer steps of the whole run."""
    steps = math.ceil(steps_per_epoch(training, pairs) * training.epochs)
    return min(steps, training.max_steps) if training.max_steps else steps


def evaluate_every(training: Training, steps: int) -> int:
    """Optimizer steps between two points of the learning curve."""
    return training.evaluate_every or max(1, math.ceil(steps / 10))


def points_from(step: int, steps: int, every: int) -> int:
    """Points of the learning curve from a step on to the last one, both included."""
    return steps // every - (step - 1) // every + (steps % every > 0)
