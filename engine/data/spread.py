"""Some lengths in short: their mean and percentiles, and how many fall where."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from msgspec import Struct

Progress = Callable[[int, int], None]


class Spread(Struct, frozen=True):
    """Some lengths in short. Percentiles by nearest rank: each is a length that occurs."""

    mean: float
    p50: int
    p95: int
    p99: int
    max: int


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
