"""Cross-entropy at the label rows alone, a chunk of logits at a time."""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor

from engine.fast_memory import CHUNK


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
    states: Tensor,
    label_rows: Tensor,
    targets: Tensor,
    head: Tensor,
    cap: float | None,
    cross_entropy: CrossEntropy,
) -> Tensor:
    """The loss [L] of predicting each target from its row of states [T, H]."""
    return _LabelLosses.apply(states, label_rows, targets, head, cap, cross_entropy)


class _LabelLosses(torch.autograd.Function):
    """The forward pass leaves each row's gradient for a loss of one, so logits are made once."""

    @staticmethod
    def forward(
        ctx: Any,
        states: Tensor,
        label_rows: Tensor,
        targets: Tensor,
        head: Tensor,
        cap: float | None,
        cross_entropy: CrossEntropy,
    ) -> Tensor:
        gradient = ctx.needs_input_grad[0]
        rows = states[label_rows]
        losses = torch.empty(len(rows), dtype=torch.float32, device=states.device)
        size = max(1, CHUNK // len(head))
        for at in range(0, len(rows), size):
            chunk = slice(at, at + size)
            logits = rows[chunk] @ head.t()
            losses[chunk] = cross_entropy(logits, targets[chunk], cap, gradient=gradient)
            if gradient:
                rows[chunk] = logits @ head
        if gradient:
            ctx.save_for_backward(rows, label_rows)
            ctx.size = states.shape
        return losses

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        slopes, label_rows = ctx.saved_tensors
        states = slopes.new_zeros(ctx.size)
        # Added, not copied: labels that only fill up share a row with a real one, and weigh 0.
        states.index_add_(0, label_rows, slopes * grad[:, None].to(slopes.dtype))
        return states, None, None, None, None, None
