"""Makes editions of a sentence alike, a block of pairs at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from engine.data.dataset import Pair
from engine.data.nearest import letters
from engine.data.sides import sentence

Fold = Callable[[Sequence[str]], list[str]]
SHORTEST = 5
"""Letters; shorter sentences (`帝從之。`) are alike by chance, and leak only with their pair."""
AT_ONCE = 2000
"""Pairs of a block: a call for every sentence would take far longer, and all at once gigabytes."""


def plain(texts: Sequence[str]) -> list[str]:
    """Sentences without punctuation: what is compared where no other folding is asked for."""
    return [letters(text) for text in texts]


def folded_sides(pairs: Sequence[Pair], fold: Fold = plain) -> Iterator[tuple[str, str]]:
    """The sentence to translate and the output of each pair, folded."""
    for start in range(0, len(pairs), AT_ONCE):
        block = pairs[start : start + AT_ONCE]
        sources = fold([sentence(pair, "source") for pair in block])
        yield from zip(sources, fold([sentence(pair, "output") for pair in block]))
