"""Cross-entropy over large vocabularies as a Triton kernel: logits become their gradient."""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from engine.worker.fast.kernels.maths import cap_slope, capped

_BLOCK = 8192
"""Logits of a row in registers at once: 16 warps hold 16 numbers a thread."""


def kernel_cross_entropy(
    logits: Tensor, targets: Tensor, cap: float | None, *, gradient: bool
) -> Tensor:
    """loss.CrossEntropy."""
    losses = torch.empty(len(logits), dtype=torch.float32, device=logits.device)
    _cross_entropy[(len(logits),)](
        logits, targets, losses, logits.shape[1], logits.stride(0),
        CAP=cap or 0.0, GRADIENT=gradient, BLOCK=_BLOCK, num_warps=16,
    )  # fmt: skip
    return losses


@triton.jit
def _cross_entropy(  # type: ignore[no-untyped-def]
    logits_, targets_, losses_, vocabulary, stride,
    CAP: tl.constexpr, GRADIENT: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """One program: one row z [V], read once for its sum and once more for its gradient.

    loss = log Σ exp(z) - z[target], by an online softmax: `total` is relative to the highest logit
    so far. d_z = exp(z - log_sum) - [target], written over the logits.
    """
    row = tl.program_id(0).to(tl.int64)
    target = tl.load(targets_ + row)
    logits_ += row * stride
    peak = -float("inf")
    total = 0.0
    for first in range(0, vocabulary, BLOCK):
        at = first + tl.arange(0, BLOCK)
        z = tl.load(logits_ + at, mask=at < vocabulary, other=0.0).to(tl.float32)
        z = tl.where(at < vocabulary, capped(z, CAP), -float("inf"))
        new_peak = tl.maximum(peak, tl.max(z, 0))
        total = total * tl.exp(peak - new_peak) + tl.sum(tl.exp(z - new_peak), 0)
        peak = new_peak
    log_sum = peak + tl.log(total)
    tl.store(losses_ + row, log_sum - capped(tl.load(logits_ + target).to(tl.float32), CAP))
    if GRADIENT:
        for first in range(0, vocabulary, BLOCK):
            at = first + tl.arange(0, BLOCK)
            z = tl.load(logits_ + at, mask=at < vocabulary, other=0.0).to(tl.float32)
            z = capped(z, CAP)
            slope = tl.exp(z - log_sum) - tl.where(at == target, 1.0, 0.0)
            if CAP > 0:
                slope = slope * cap_slope(z, CAP)
            tl.store(logits_ + at, slope.to(logits_.dtype.element_ty), mask=at < vocabulary)
