"""What a run will do, before it does it: pairs, tokens, optimizer steps, what is left out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine import seed_loop
from engine.dataset import Pair
from engine.profiles import Profile, Training
from engine.prompts import Encoded, PromptBuilder


@dataclass(frozen=True)
class TrainingPlan:
    """A training run in numbers."""

    pairs: int
    left_out: int
    """Pairs whose prompt or output is too long for the profile."""
    tokens: int
    """Tokens of one epoch, padding not counted."""
    scored: int
    """Of these, tokens that carry loss."""
    steps: int
    """Optimizer steps of the whole run."""
    evaluate_every: int
    checkpoint_every: int


def plan_training(profile: Profile, builder: PromptBuilder, pairs: Sequence[Pair]) -> TrainingPlan:
    """Count what training on these pairs comes to."""
    encoded = encode_for_training(profile.training, builder, pairs)
    return plan_encoded(profile.training, encoded, left_out=len(pairs) - len(encoded))


def plan_encoded(training: Training, encoded: Sequence[Encoded], left_out: int) -> TrainingPlan:
    """The same for pairs that are encoded already."""
    steps = count_steps(training, len(encoded))
    evaluate_every = training.evaluate_every or max(1, math.ceil(steps / 10))
    return TrainingPlan(
        pairs=len(encoded),
        left_out=left_out,
        tokens=sum(len(item.ids) for item in encoded),
        scored=sum(item.scored_count for item in encoded),
        steps=steps,
        evaluate_every=evaluate_every,
        checkpoint_every=training.checkpoint_every or evaluate_every,
    )


def encode_for_training(
    training: Training, builder: PromptBuilder, pairs: Sequence[Pair]
) -> list[Encoded]:
    """Encode the pairs that fit the profile's lengths.

    A pair that is too long is left out unless the profile wants it cut: a cut answer teaches the
    model not to end.
    """
    encoded = (_cut(training, builder.encode(pair.instruction, pair.output)) for pair in pairs)
    return [item for item in encoded if item is not None]


def _cut(training: Training, whole: Encoded) -> Encoded | None:
    """A pair as training takes it: as it is, cut, or not at all."""
    at = len(whole.ids) - whole.scored_count
    if at <= training.max_prompt_tokens and whole.scored_count <= training.max_output_tokens:
        return whole
    if training.too_long == "leave_out":
        return None
    prompt = whole.ids[:at][: training.max_prompt_tokens]
    answer = whole.ids[at:][: training.max_output_tokens]
    return Encoded(whole.text, prompt + answer, [0] * len(prompt) + [1] * len(answer))


def steps_per_epoch(training: Training, pairs: int) -> int:
    """Optimizer steps in one pass over the pairs: the last batch may be smaller."""
    if training.seed_bug_compatible:
        return seed_loop.steps_per_epoch(pairs, training.batch_size)
    return math.ceil(pairs / training.batch_size)


def count_steps(training: Training, pairs: int) -> int:
    """Optimizer steps of the whole run."""
    steps = math.ceil(steps_per_epoch(training, pairs) * training.epochs)
    return min(steps, training.max_steps) if training.max_steps else steps
