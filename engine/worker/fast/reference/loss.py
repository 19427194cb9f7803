"""Cross-entropy at the label rows alone, a chunk of logits at a time."""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor

from engine.fast.memory import CHUNK


class CrossEntropy(Protocol):
    """Losses of logits, and their gradient written over the logits."""

    def __call__(
        self, logits: Tensor, targets: Tensor, cap: float | None, *, gradient: bool
    ) -> Tensor:
        """logits: [L, V], overwritten by the gradient if asked for -> [L] float32."""


def torch_cross_entropy(
    logits: Tensor, targets: Tensor, cap: float | None, *, gradient: bool
) -> Tensor:
    """By torch, on any device, in float32."""
    wide = logits.float()
    if cap:
        wide = cap * torch.tanh(wide / cap)
    logs = torch.log_softmax(wide, dim=-1)
    losses = -logs.gather(1, targets[:, None])[:, 0]
    if gradient:
        slope = logs.exp()
        slope[torch.arange(len(targets), device=targets.device), targets] -= 1
        if cap:
            slope *= 1 - (wide / cap) ** 2
        logits.copy_(slope)
    return losses


def label_losses(
    states: Tensor, targets: Tensor, head: Tensor, cap: float | None, cross_entropy: CrossEntropy
) -> Tensor:
    """The loss [L] of predicting each target from its state, of [L, H]."""
    return _LabelLosses.apply(states, targets, head, cap, cross_entropy)


class _LabelLosses(torch.autograd.Function):
    """The forward pass leaves each row's gradient for a loss of one, so logits are made once."""

    @staticmethod
    def forward(
        ctx: Any,
        states: Tensor,
        targets: Tensor,
        head: Tensor,
        cap: float | None,
        cross_entropy: CrossEntropy,
    ) -> Tensor:
        gradient = ctx.needs_input_grad[0]
        losses = torch.empty(len(states), dtype=torch.float32, device=states.device)
        slopes = torch.empty_like(states) if gradient else None
        size = max(1, CHUNK // len(head))
        for at in range(0, len(states), size):
            chunk = slice(at, at + size)
            logits = states[chunk] @ head.t()
            losses[chunk] = cross_entropy(logits, targets[chunk], cap, gradient=gradient)
            if slopes is not None:
                torch.mm(logits, head, out=slopes[chunk])
        if slopes is not None:
            ctx.save_for_backward(slopes)
        return losses

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (slopes,) = ctx.saved_tensors
        return slopes * grad[:, None].to(slopes.dtype), None, None, None, None
