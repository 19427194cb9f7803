"""How far a training run has come, and which of its checkpoints is the best."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import fmean

_RECENT = 10


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
    recent_losses: list[float] = field(default_factory=list)
    """Of the last ten steps that were applied, whichever worker took them."""
    skipped: int = 0
    """Steps until now that were not applied, their loss or gradient not being finite."""
    skipped_in_a_row: int = 0
    """The latest of them, with no other between."""

    @property
    def checkpoint(self) -> str:
        """The name of the checkpoint after this step."""
        return f"step-{self.step:06d}"

    def take_step(self, loss: float, tokens: int, *, is_applied: bool = True) -> None:
        """Take in what one more step was."""
        self.step += 1
        self.tokens += tokens
        if is_applied:
            self.recent_losses = [*self.recent_losses, loss][-_RECENT:]
            self.skipped_in_a_row = 0
        else:
            self.skipped += 1
            self.skipped_in_a_row += 1

    @property
    def recent_loss(self) -> float:
        """Mean over the last ten steps; nan before the first."""
        return fmean(self.recent_losses) if self.recent_losses else math.nan

    def is_best(self, perplexity: float) -> bool:
        """Take in the perplexity that chooses, at this step: is it the lowest until now?"""
        self.evaluations_without_better += 1
        if not perplexity < self.best_perplexity:
            return False
        self.evaluations_without_better = 0
        self.best, self.best_perplexity = self.checkpoint, perplexity
        return True
