"""How much memory a run will need, by the engine that would compute it where it will be."""

from __future__ import annotations

from collections.abc import Sequence

from engine.fast import support
from engine.language.said import Words
from engine.machine.hardware import Gpu
from engine.models.model_shape import ModelShape
from engine.profile.schema import TOKENS_PER_PASS, Profile
from engine.prompts.builder import Encoded
from engine.prompts.token_counts import TokenCounts
from engine.start import fast_estimate, memory_estimate
from engine.start.largest_pass import largest_pass
from engine.start.memory_estimate import MemoryEstimate


def estimate(
    profile: Profile,
    shape: ModelShape,
    train: Sequence[Encoded] | TokenCounts,
    test: Sequence[Encoded] | TokenCounts,
    gpu: Gpu | None,
) -> MemoryEstimate:
    """The need of a run that learns `train`, or nothing, and scores `test`; None: no GPU."""
    why_plain = _why_plain(profile, shape, gpu)
    learnt, scored = TokenCounts.of(train), TokenCounts.of(test)
    if gpu is not None and not why_plain:
        return fast_estimate.estimate(profile, shape, learnt, scored, gpu.free)
    training = profile.training
    return memory_estimate.estimate(
        profile,
        shape,
        training=largest_pass(
            learnt,
            training.batch_size,
            training.tokens_per_pass or TOKENS_PER_PASS,
            row_tokens=training.row_tokens if training.packing else 0,
        ),
        scoring=largest_pass(
            scored,
            len(scored),
            profile.evaluation.tokens_per_pass or TOKENS_PER_PASS,
            row_tokens=training.row_tokens,
        ),
        on_gpu=gpu is not None,
        why_plain=why_plain,
    )


def _why_plain(profile: Profile, shape: ModelShape, gpu: Gpu | None) -> Words:
    why_not = support.why_not(
        profile,
        gpu=gpu is not None,
        triton=support.triton_is_here(),
        capability=gpu.capability if gpu else None,
    )
    return why_not or shape.why_not_fast
