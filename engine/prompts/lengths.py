"""Lengths of a file's pairs in tokens of a model, and what its profile leaves out or cuts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from msgspec import Struct

from engine.data.dataset import Pair
from engine.profile.schema import Profile
from engine.prompts.builder import PromptBuilder

Progress = Callable[[int, int], None]


class Spread(Struct, frozen=True):
    """Some lengths in short. Percentiles by nearest rank: each is a length that occurs."""

    mean: float
    p50: int
    p95: int
    p99: int
    max: int


class Lengths(Struct, frozen=True):
    """Tokens of a file, as this profile prompts and scores them."""

    whole: Spread
    prompt: Spread
    output: Spread
    """With the eos that ends it."""
    tokens: int
    scored: int
    """Tokens that carry loss."""
    long_prompts: int
    """Pairs that training leaves out for their prompt."""
    long_outputs: int
    """Pairs that training leaves out for their output alone."""
    cut: int
    """Pairs that evaluation cuts."""
    no_room: int
    """Of these, pairs whose answer is cut away whole."""
    histogram: list[tuple[int, int, int]]
    """From and up to how many tokens, and how many pairs."""


def measure(
    profile: Profile,
    builder: PromptBuilder,
    pairs: Sequence[Pair],
    progress: Progress = lambda done, of: None,
) -> Lengths:
    """Encode every pair and count."""
    prompts: list[int] = []
    outputs: list[int] = []
    for done, (pair, encoded) in enumerate(zip(pairs, builder.encode_all(pairs))):
        progress(done, len(pairs))
        scored = encoded.scored_count if pair.output else 0
        outputs.append(scored)
        prompts.append(len(encoded.ids) - encoded.scored_count)
    whole = [prompt + output for prompt, output in zip(prompts, outputs)]
    training, limit = profile.training, profile.evaluation.max_tokens
    too_long = [prompt > training.max_prompt_tokens for prompt in prompts]
    return Lengths(
        whole=spread(whole),
        prompt=spread(prompts),
        output=spread(outputs),
        tokens=sum(whole),
        scored=sum(outputs),
        long_prompts=sum(too_long),
        long_outputs=sum(
            output > training.max_output_tokens and not long
            for output, long in zip(outputs, too_long)
        ),
        cut=sum(length > limit for length in whole),
        no_room=sum(prompt >= limit for prompt in prompts),
        histogram=histogram(whole),
    )


def spread(lengths: Sequence[int]) -> Spread:
    """Mean and percentiles of one length or more."""
    ordered = sorted(lengths)

    def rank(share: float) -> int:
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

    return Spread(sum(ordered) / len(ordered), rank(0.5), rank(0.95), rank(0.99), ordered[-1])


def histogram(lengths: Sequence[int], bars: int = 12) -> list[tuple[int, int, int]]:
    """Lengths in bins of one round width; the last bin takes the long tail above the 99th centile.

    Each bin is from, up to (not included), how many.
    """
    usual = spread(lengths).p99
    width = next(w for w in _round_widths() if usual // w < bars)
    counts = [0] * (usual // width + 1)
    for length in lengths:
        counts[min(length // width, len(counts) - 1)] += 1
    bins = [(place * width, (place + 1) * width, count) for place, count in enumerate(counts)]
    bins[-1] = (bins[-1][0], max(bins[-1][1], max(lengths) + 1), bins[-1][2])
    first = next(place for place, (_, _, count) in enumerate(bins) if count)
    return bins[first:]


def _round_widths() -> Sequence[int]:
    return [step * 10**power for power in range(9) for step in (1, 2, 5)]
