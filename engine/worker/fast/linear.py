"""Linears that read the same input, with their adapters: a frozen product, a low-rank one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from engine.worker.fast.adapters import FusedAdapter
from engine.worker.fast.dropout import Dropout
from engine.worker.fast.weights import FusedWeight


class LowRank(Protocol):
    """The adapter's products beside the one that adds to the layer's."""

    def down(self, x: Tensor, a: Tensor, drop: Dropout | None) -> Tensor:
        """drop(x) Aᵀ: [T, r]."""

    def through_b(
        self, grad: Tensor, inner: Tensor, adapter: FusedAdapter
    ) -> tuple[Tensor, list[Tensor]]:
        """The gradients of `inner`, grad B: [T, r], and of each linear's B, unscaled: [n, r]."""

    def grad_a(self, x: Tensor, grad: Tensor, drop: Dropout | None) -> Tensor:
        """gradᵀ drop(x): [r, K], the gradient of A."""

    def add_up(self, total: Tensor, grad: Tensor, a: Tensor, drop: Dropout | None) -> Tensor:
        """total + drop(grad A): [T, K]; `total` may be overwritten."""

    def copy_scaled(
        self, sources: Sequence[Tensor], targets: Sequence[Tensor], scales: Sequence[float]
    ) -> None:
        """See adapters.CopyScaled."""


class TorchLowRank:
    """The products by torch, on any device."""

    def down(self, x: Tensor, a: Tensor, drop: Dropout | None) -> Tensor:
        return (drop.apply(x) if drop else x) @ a.t()

    def through_b(
        self, grad: Tensor, inner: Tensor, adapter: FusedAdapter
    ) -> tuple[Tensor, list[Tensor]]:
        unused = grad.new_empty(())
        grads = [
            torch.addmm(
                unused, grad[:, slot.outputs].t(), inner[:, slot.ranks],
                beta=0, alpha=adapter.scaling,
            )
            for slot in adapter.slots
        ]  # fmt: skip
        return grad @ adapter.b, grads

    def grad_a(self, x: Tensor, grad: Tensor, drop: Dropout | None) -> Tensor:
        return grad.t() @ (drop.apply(x) if drop else x)

    def add_up(self, total: Tensor, grad: Tensor, a: Tensor, drop: Dropout | None) -> Tensor:
        if drop is None:
            return total.addmm_(grad, a)
        return total.add_(drop.apply(grad @ a))

    def copy_scaled(
        self, sources: Sequence[Tensor], targets: Sequence[Tensor], scales: Sequence[float]
    ) -> None:
        torch._foreach_copy_(list(targets), torch._foreach_mul(list(sources), list(scales)))


class Multiply(Protocol):
    """What stands for linears with the same input: [T, K] -> [T, N]."""

    def __call__(self, x: Tensor, seed: Tensor | None = None) -> Tensor:
        """With a seed, the adapter's dropout is on."""


@dataclass
class Linear:
    """y = x Wᵀ + drop(x) Aᵀ Bᵀ, for several linears at once."""

    weight: FusedWeight
    adapter: FusedAdapter | None
    low_rank: LowRank
    salt: int

    def __call__(self, x: Tensor, seed: Tensor | None = None) -> Tensor:
        """See Multiply."""
        adapter = self.adapter
        if adapter is None:
            return _Frozen.apply(x, self.weight)
        drop = None
        if seed is not None and adapter.dropout > 0:
            drop = Dropout(adapter.dropout, seed, self.salt)
        return _Adapted.apply(x, self, drop, *adapter.leaves)


class _Frozen(torch.autograd.Function):
    """Asks for the weight again in the backward pass, so that none need be kept in between."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: FusedWeight) -> Tensor:
        ctx.weight = weight
        return x @ weight.tensor().t()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, None]:
        return grad @ ctx.weight.tensor(), None


class _Adapted(torch.autograd.Function):
    """The leaves are inputs only to get their gradients: the fused copies are multiplied."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, linear: Linear, drop: Dropout | None, *leaves: Tensor
    ) -> Tensor:
        adapter = linear.adapter
        assert adapter is not None
        y = x @ linear.weight.tensor().t()
        inner = linear.low_rank.down(x, adapter.a, drop)
        ctx.linear, ctx.drop = linear, drop
        ctx.save_for_backward(x, inner)
        return y.addmm_(inner, adapter.b.t())

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        linear: Linear = ctx.linear
        x, inner = ctx.saved_tensors
        adapter = linear.adapter
        assert adapter is not None
        grad_inner, grads_b = linear.low_rank.through_b(grad, inner, adapter)
        grad_a = linear.low_rank.grad_a(x, grad_inner, ctx.drop)
        grads = adapter.gradients(grad_a, grads_b)
        grad_x = None
        if ctx.needs_input_grad[0]:
            total = grad @ linear.weight.tensor()
            grad_x = linear.low_rank.add_up(total, grad_inner, adapter.a, ctx.drop)
        return grad_x, None, None, *grads
