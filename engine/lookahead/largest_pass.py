"""The largest pass that a run will come to: where memory runs out, if it does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.prompts import Encoded

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
    encoded: Sequence[Encoded],
    batch_size: int,
    tokens_per_pass: int,
    *,
    row_tokens: int = 0,
    shared: int = 0,
) -> Load | None:
    """The largest pass that batches drawn at random come to; None if there is nothing.

    So many `shared` tokens, which all items begin with, are laid out once.
    """
    if not encoded:
        return None
    lengths = [len(item.ids) - shared for item in encoded]
    count, longest = len(lengths), max(lengths)
    mean = sum(lengths) / count
    spread = math.sqrt(sum((length - mean) ** 2 for length in lengths) / count)
    drawn = min(batch_size, count)
    batch = sum(lengths)
    if drawn < count:
        batch = min(batch, round(drawn * mean + _SPREAD * spread * math.sqrt(drawn)))
    own = max(longest, min(tokens_per_pass - shared, batch))
    share = sum(item.scored_count for item in encoded) / sum(lengths)
    return Load(shared + own, round(own * share), max(shared + longest, row_tokens))


def shared_prefix(encoded: Sequence[Encoded]) -> int:
    """Tokens that all prompts begin with; the worker finds as many, or more in groups of them."""
    if len(encoded) < 2:
        return 0
    ids = [item.ids for item in encoded]
    first, last = min(ids), max(ids)
    alike = next((at for at, (a, b) in enumerate(zip(first, last)) if a != b), len(first))
    # The last token of a prompt predicts a scored one, and so is each item's own.
    return min(alike, *(len(item.ids) - item.scored_count - 1 for item in encoded))
