"""How much a pass holds: smaller from then on, each time that memory runs out."""

from __future__ import annotations

from dataclasses import dataclass

from engine.worker.batching.batches import Pass


@dataclass
class PassSize:
    """The memory dial of training, or of scoring."""

    tokens: int
    """In a pass at most; 0: as the path decides."""

    def halve(self, failed: Pass) -> bool:
        """Take half of what did not fit; false if that was a single item, which is not divided."""
        if len(items_of(failed)) == 1:
            return False
        half = failed.ids.numel() // 2
        self.tokens = max(1, min(half, self.tokens or half))
        return True


def items_of(batch: Pass) -> list[int]:
    """Which items a pass holds, by their places in what was laid out."""
    return sorted(set(batch.samples.tolist()))
