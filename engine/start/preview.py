"""What becomes of each pair of a data file: its prompt, its length, whether it is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.data.dataset import Pair
from engine.profile.schema import Profile
from engine.prompts.builder import Encoded, PromptBuilder
from engine.run.settings import Part

_MOST_BINS = 12
_ROUND = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000)


@dataclass(frozen=True)
class Fate:
    """A pair's length in tokens, and what is done with it."""

    prompt: int
    answer: int
    is_left_out: bool = False
    """Not trained on, being too long."""
    is_cut: bool = False
    """Cut from the right, in training or when it is scored."""

    @property
    def total(self) -> int:
        return self.prompt + self.answer


@dataclass(frozen=True)
class Bin:
    """Pairs with a length from `low` up to, but not with, `high`."""

    low: int
    high: int
    count: int


def encode(builder: PromptBuilder, pair: Pair) -> Encoded:
    """A pair as the model sees it."""
    return builder.encode(pair.instruction, pair.output)


def fate_of(profile: Profile, encoded: Encoded, part: Part) -> Fate:
    """What a run does with a pair of this part."""
    answer = encoded.scored_count
    prompt = len(encoded.ids) - answer
    training = profile.training
    if part == "train":
        too_long = prompt > training.max_prompt_tokens or answer > training.max_output_tokens
        is_cut = too_long and training.too_long == "cut"
        return Fate(prompt, answer, is_left_out=too_long and not is_cut, is_cut=is_cut)
    return Fate(prompt, answer, is_cut=len(encoded.ids) > profile.evaluation.max_tokens)


def fates(
    profile: Profile, builder: PromptBuilder, pairs: Sequence[Pair], part: Part
) -> list[Fate]:
    """Of all pairs of a file, in order. Takes a second for ten thousand: call it from a thread."""
    return [fate_of(profile, encode(builder, pair), part) for pair in pairs]


def histogram(lengths: Sequence[int]) -> list[Bin]:
    """At most a dozen bins of equal, round width from the shortest to the longest."""
    if not lengths:
        return []
    low, high = min(lengths), max(lengths)
    width = next(
        (step for step in _ROUND if high // step - low // step < _MOST_BINS), high - low + 1
    )
    counts: dict[int, int] = {}
    for length in lengths:
        counts[length // width] = counts.get(length // width, 0) + 1
    return [
        Bin(number * width, (number + 1) * width, counts.get(number, 0))
        for number in range(low // width, high // width + 1)
    ]
