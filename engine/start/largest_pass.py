"""The largest pass that a run will come to: where memory runs out, if it does."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.prompts.token_counts import TokenCounts

_SPREAD = 3.0
"""Standard deviations above the mean at which a batch counts as the largest."""


@dataclass(frozen=True)
class Load:
    """A pass in numbers."""

    tokens: int
    """With padding."""
    scored: int
    """Of these, tokens whose loss is computed."""
    row: int
    """Tokens in its longest row."""


def largest_pass(
    counts: TokenCounts,
    batch_size: int,
    tokens_per_pass: int,
    *,
    row_tokens: int = 0,
    shared: int = 0,
) -> Load | None:
    """The largest pass that batches drawn at random come to; None if there is nothing.

    So many `shared` tokens, which all items begin with, are laid out once.
    """
    if not counts:
        return None
    lengths = [length - shared for length in counts.lengths]
    count, longest = len(lengths), max(lengths)
    mean = sum(lengths) / count
    spread = math.sqrt(sum((length - mean) ** 2 for length in lengths) / count)
    drawn = min(batch_size, count)
    batch = sum(lengths)
    if drawn < count:
        batch = min(batch, round(drawn * mean + _SPREAD * spread * math.sqrt(drawn)))
    own = max(longest, min(tokens_per_pass - shared, batch))
    share = sum(counts.scored) / sum(lengths)
    return Load(shared + own, round(own * share), max(shared + longest, row_tokens))
