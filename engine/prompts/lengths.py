"""Lengths of a file's pairs in tokens of a model, and what its profile leaves out or cuts."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from engine.data.dataset import Pair
from engine.data.spread import Progress, Spread, histogram, spread
from engine.profile.schema import Profile
from engine.prompts.builder import PromptBuilder


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
