"""What the seed homework's training loop really did, for `training.seed_bug_compatible`.

It cleared the gradients before every micro-batch and stepped after every eighth: each update saw
the last micro-batch of eight, and seven backward passes of eight were thrown away. Here these are
not even made. On the course's 10,000 pairs, in batches of 8 x 4: 312 updates an epoch, 1,248 in
four, which see 4,992 pairs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
ACCUMULATION = 8
"""Micro-batches that were meant to make a batch."""


def steps_per_epoch(pairs: int, batch_size: int) -> int:
    """Updates in an epoch: it counted micro-batches anew each time, so a rest of them is lost."""
    return math.ceil(pairs / (batch_size // ACCUMULATION)) // ACCUMULATION


def stepped_on(batch: Sequence[T], batch_size: int) -> Sequence[T]:
    """What of a batch an update saw: its last micro-batch."""
    return batch[batch_size - batch_size // ACCUMULATION :]


def warmup_steps(steps: int, share: float) -> int:
    """Updates in which the learning rate rose; rounded down."""
    return int(steps * share)
