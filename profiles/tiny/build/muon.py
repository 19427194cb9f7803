"""Owns the optimiser of the matrices: steps along orthogonal matrices, with momentum."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor


class Muon:
    """Momentum made orthogonal; matrices of one shape are handled together."""

    def __init__(self, weights: Iterable[Tensor], weight_decay: float) -> None:
        self.weight_decay = weight_decay
        self.groups: dict[torch.Size, list[Tensor]] = {}
        for weight in weights:
            self.groups.setdefault(weight.shape, []).append(weight)
        self.momenta = {
            shape: torch.zeros(len(group), *shape, device=group[0].device)
            for shape, group in self.groups.items()
        }

    @torch.no_grad()
    def step(self, learning_rate: float, momentum: float = 0.95) -> None:
        for shape, group in self.groups.items():
            gradient = torch.stack([weight.grad for weight in group if weight.grad is not None])
            average = self.momenta[shape].lerp_(gradient, 1 - momentum)
            update = orthogonal(gradient.lerp(average, momentum)).float()
            # As large as an update of AdamW, so that its rates and decay fit.
            update *= 0.2 * max(shape) ** 0.5
            torch._foreach_mul_(group, 1 - learning_rate * self.weight_decay)
            torch._foreach_add_(group, list(update), alpha=-learning_rate)


def orthogonal(matrices: Tensor, rounds: int = 5) -> Tensor:
    """About the nearest orthogonal matrices, by Newton and Schulz's iteration."""
    x: Tensor = matrices.bfloat16()
    tall = x.size(-2) > x.size(-1)
    if tall:
        x = x.transpose(-2, -1)
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(rounds):
        a = x @ x.mT
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x.transpose(-2, -1) if tall else x
