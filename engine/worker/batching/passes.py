"""How much a pass holds: smaller from then on, each time that memory runs out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.worker.batching.batches import Pass

_SMALLEST = 128
"""Tokens; a pass is not made smaller than this."""


@dataclass
class PassSize:
    """The memory dial of training, or of scoring."""

    tokens: int
    """In a pass at most; 0: as the path decides."""

    def halve(self, tried: Sequence[Pass]) -> bool:
        """Take half of what did not fit; false if that would be too little to go on with."""
        half = max(batch.ids.numel() for batch in tried) // 2
        smaller = not self.tokens or half < self.tokens  # a single pair is not divided
        self.tokens = half
        return smaller and half >= _SMALLEST
