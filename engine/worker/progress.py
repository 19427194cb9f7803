"""How far a training run has come, and which of its checkpoints is the best."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class Progress:
    """What a resumed run goes on from, besides weights, optimizer and random numbers."""

    step: int = 0
    """Optimizer steps that were taken."""
    tokens: int = 0
    """Of all batches until now, padding not counted."""
    evaluated_step: int = -1
    """Of the newest point of the learning curve; a stop may save a step before it has one."""
    best: str = ""
    """The checkpoint with the lowest perplexity; empty while there is none to choose by."""
    best_perplexity: float = math.inf
    evaluations_without_better: int = 0

    @property
    def checkpoint(self) -> str:
        """The name of the checkpoint after this step."""
        return f"step-{self.step:06d}"

    def is_best(self, perplexity: float) -> bool:
        """Take in the perplexity that chooses, at this step: is it the lowest until now?"""
        self.evaluations_without_better += 1
        if not perplexity < self.best_perplexity:
            return False
        self.evaluations_without_better = 0
        self.best, self.best_perplexity = self.checkpoint, perplexity
        return True
