"""How sure a score is: bootstrap intervals, and paired tests of two systems on the same items.

Interval: percentiles of the score over resamples of the items, drawn with replacement (Efron 1979;
for two systems of the same items: Koehn 2004). p: approximate randomisation (Noreen 1989; Riezler
and Maxwell 2005), the share of random exchanges of the two systems' results, item by item, that
differ at least as much as the two do. Seeded, so that a number can be had again.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Protocol

from engine.run.judgement import Measure

RESAMPLES = 1000
TRIALS = 10_000
"""Exchanges: more than resamples, for a small p is told by few of them."""
SEED = 0
_LEVEL = 0.95


class Statistic(Protocol):
    """A score of any choice of the items 0 … `count` - 1, repetitions allowed."""

    @property
    def count(self) -> int: ...

    def of(self, items: Sequence[int]) -> float: ...


@dataclass(frozen=True)
class Summed:
    """A score that sums over the items determine, as perplexity, BLEU and chrF are."""

    columns: tuple[tuple[float, ...], ...]
    """Of every summed quantity, the items' values."""
    of_sums: Callable[[Sequence[float], int], float]
    """The score by the sums and the number of items."""

    @property
    def count(self) -> int:
        """Items."""
        return len(self.columns[0])

    def of(self, items: Sequence[int]) -> float:
        """The score of these items."""
        sums = [sum(map(column.__getitem__, items)) for column in self.columns]
        return self.of_sums(sums, len(items))


@dataclass(frozen=True)
class Median:
    """The middle one of the items' values."""

    values: tuple[float, ...]

    @property
    def count(self) -> int:
        """Items."""
        return len(self.values)

    def of(self, items: Sequence[int]) -> float:
        """The median of these items."""
        return statistics.median(map(self.values.__getitem__, items))


def mean(values: Sequence[float]) -> Summed:
    """The arithmetic mean of the items' values."""
    return Summed((tuple(values),), lambda sums, count: sums[0] / count)


def measure(
    scores: Mapping[str, Statistic], *, resamples: int = RESAMPLES, seed: int = SEED
) -> dict[str, Measure]:
    """Scores of the same items, each with its interval."""
    count = next(iter(scores.values())).count if scores else 0
    if not count:
        return {}
    drawn: dict[str, list[float]] = {name: [] for name in scores}
    for items in _resampled(count, resamples, seed):
        for name, score in scores.items():
            drawn[name].append(score.of(items))
    whole = range(count)
    return {
        name: Measure(score.of(whole), *_bounds(drawn[name], count))
        for name, score in scores.items()
    }


def measure_difference(
    one: Statistic, other: Statistic, *, resamples: int = RESAMPLES, seed: int = SEED
) -> Measure:
    """`one` less `other`, both of the same items, with the interval of that difference."""
    count = one.count
    drawn = [one.of(items) - other.of(items) for items in _resampled(count, resamples, seed)]
    return Measure(one.of(range(count)) - other.of(range(count)), *_bounds(drawn, count))


def exchange_test(one: Summed, other: Summed, *, trials: int = TRIALS, seed: int = SEED) -> float:
    """p of a difference as great as that between the two, were they the same; two-sided.

    1 for two that do not differ; nan where a value is not finite. sacreBLEU's test is this one, but
    for exchanges that differ just as much, which it does not count: of hundreds of items none do,
    of a handful many, and its p is then far too small.
    """
    count, whole = one.count, range(one.count)
    columns = list(zip(one.columns, other.columns, strict=True))
    if not all(math.isfinite(value) for pair in columns for column in pair for value in column):
        return math.nan
    observed = abs(one.of(whole) - other.of(whole))
    sums = [(sum(first), sum(second)) for first, second in columns]
    gains = [[b - a for a, b in zip(first, second)] for first, second in columns]
    # Sums in another order differ in their last digits; that is no difference.
    enough = observed - 1e-9 * max(abs(one.of(whole)), abs(other.of(whole)))
    draw = random.Random(seed)
    as_great = 0
    for _ in range(trials):
        exchanged = draw.choices((False, True), k=count)
        moved = [sum(compress(gain, exchanged)) for gain in gains]
        first = one.of_sums([a + by for (a, _), by in zip(sums, moved)], count)
        second = other.of_sums([b - by for (_, b), by in zip(sums, moved)], count)
        as_great += abs(first - second) >= enough
    return (as_great + 1) / (trials + 1)


def sign_test(wins: int, losses: int) -> float:
    """p of so uneven a split, were either as likely for each item; two-sided, exact."""
    decided = wins + losses
    tail = sum(math.comb(decided, k) for k in range(min(wins, losses) + 1))
    return min(1.0, 2 * tail / (1 << decided))


def _resampled(count: int, resamples: int, seed: int) -> Iterator[list[int]]:
    draw = random.Random(seed)
    items = range(count)
    for _ in range(resamples):
        yield draw.choices(items, k=count)


def _bounds(drawn: list[float], count: int) -> tuple[float, float]:
    """The percentiles; none of a single item, which always resamples to itself."""
    if count < 2 or any(math.isnan(value) for value in drawn):
        return math.nan, math.nan
    drawn = sorted(drawn)
    cut = int(len(drawn) * (1 - _LEVEL) / 2)
    return drawn[cut], drawn[-1 - cut]
