"""How the fast engine uses the memory of a GPU: reckoned alike by the worker and before a start.

Sizes are bytes; `width` is that of a number in the model's computations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

CHUNK = 1 << 28
"""Logits that the loss holds at once: 512 MiB in bfloat16."""
LONGEST_PASS = 16384
"""Tokens; longer passes are no faster."""
HEAD_SIZES = (64, 128, 256)
"""That our attention kernels know. With others passes are not recorded: flex_attention makes masks
as it goes."""
_FAIR_PASS = 2048
"""Tokens that should fit in a pass beside cached weights."""
_PASSES_WITH_GRAPHS = 4
"""Fair passes there must be room for: what recorded graphs hold is lost to the others."""
_SPARE = 1 << 29
"""Left free: for what is compiled, for fragments, for others."""
_LOSS_SPARE = 1 << 28


class Sizes(Protocol):
    """A decoder in numbers."""

    @property
    def layers(self) -> int: ...
    @property
    def hidden(self) -> int: ...
    @property
    def intermediate(self) -> int: ...
    @property
    def heads(self) -> int: ...
    @property
    def kv_heads(self) -> int: ...
    @property
    def head_dim(self) -> int: ...
    @property
    def vocabulary(self) -> int: ...


@dataclass(frozen=True)
class Use:
    """What memory is spent on for speed."""

    cached_weights: bool = False
    """4-bit weights are kept dequantised too."""
    graphs: bool = False
    """Training passes are recorded."""
    checkpointing: bool = False
    """A layer's activations are recomputed in the backward pass."""


def choose_use(
    sizes: Sizes,
    free: int,
    cache: int,
    width: int,
    *,
    cached_weights: bool | Literal["auto"],
    checkpointing: bool,
) -> Use:
    """As much as fits, where a profile leaves it open; `cache` is what cached weights take.

    Activations are recomputed only where memory is short.
    """
    ample = permits_cache(sizes, free, cache, width, _PASSES_WITH_GRAPHS)
    return Use(
        permits_cache(sizes, free, cache, width) if cached_weights == "auto" else cached_weights,
        graphs=ample and sizes.head_dim in HEAD_SIZES,
        checkpointing=checkpointing and not ample,
    )


def permits_cache(sizes: Sizes, free: int, cache: int, width: int, passes: int = 1) -> bool:
    """Is there room for dequantised weights, and for passes of a fair size beside them?"""
    each = bytes_a_token(sizes, width, training=True, checkpointing=False)
    return free >= cache + passes * _FAIR_PASS * each + _most_logits(sizes, width) + _SPARE


def bytes_a_token(sizes: Sizes, width: int, *, training: bool, checkpointing: bool) -> int:
    """Activations of one token."""
    heads = sizes.head_dim * (2 * sizes.heads + 2 * sizes.kv_heads)
    layer = 6 * sizes.hidden + heads + 3 * sizes.intermediate
    if not training:
        return 2 * layer * width
    if checkpointing:
        return (2 * sizes.layers * sizes.hidden + 2 * layer) * width
    return (sizes.layers + 1) * layer * width


def logits_bytes(sizes: Sizes, width: int, scored: int) -> int:
    """The chunk of logits that the loss of so many tokens holds at once."""
    return min(CHUNK, scored * sizes.vocabulary) * width


def _most_logits(sizes: Sizes, width: int) -> int:
    return logits_bytes(sizes, width, scored=4096) + _LOSS_SPARE


def tokens_that_fit(
    sizes: Sizes, free: int, width: int, *, training: bool, checkpointing: bool, recorded: bool
) -> int:
    """Tokens in a pass, by the memory that is free; none beyond what makes it faster."""
    room = free - _SPARE - _most_logits(sizes, width)
    each = bytes_a_token(sizes, width, training=training, checkpointing=checkpointing)
    fit = max(0, room // each)
    if recorded:
        fit //= 2  # what is recorded has memory of its own
    return min(fit, LONGEST_PASS)
