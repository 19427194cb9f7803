"""Linears that read the same input, with their adapters: a frozen product, a low-rank one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from engine.worker.fast.parts.adapters import Copy, FusedAdapter
from engine.worker.fast.parts.dropout import Dropout
from engine.worker.fast.parts.weights import FusedWeight


class LowRank(Protocol):
    """The adapter's products beside the one that adds to the layer's."""

    def down(self, x: Tensor, a: Tensor, drop: Dropout | None) -> Tensor:
        """drop(x) Aᵀ: [T, r]."""

    def gradients(
        self, x: Tensor, inner: Tensor, grad: Tensor, adapter: FusedAdapter, drop: Dropout | None
    ) -> LowRankGradients:
        """What comes of grad, [T, N], and what was multiplied: x, and `inner` = down(x)."""

    def add_up(self, total: Tensor, grad: Tensor, a: Tensor, drop: Dropout | None) -> Tensor:
        """total + drop(grad A): [T, K]; `total` may be overwritten."""

    def copying(self, copies: Sequence[Copy]) -> Callable[[], None]:
        """See adapters.Copying."""


@dataclass(frozen=True)
class LowRankGradients:
    """An adapter's, in any dtype."""

    inner: Tensor
    """Of drop(x) Aᵀ: [T, r]."""
    a: Tensor
    """Of the fused A: [r, K]."""
    b: list[Tensor]
    """Of each linear's B, unscaled: [n, r]."""


class TorchLowRank:
    """The products by torch, on any device."""

    def down(self, x: Tensor, a: Tensor, drop: Dropout | None) -> Tensor:
        return (drop.apply(x) if drop else x) @ a.t()

    def gradients(
        self, x: Tensor, inner: Tensor, grad: Tensor, adapter: FusedAdapter, drop: Dropout | None
    ) -> LowRankGradients:
        unused = grad.new_empty(())
        grads_b = [
            torch.addmm(
                unused,
                grad[:, slot.outputs].t(),
                inner[:, slot.ranks],
                beta=0,
                alpha=adapter.scaling,
            )
            for slot in adapter.slots
        ]
        grad_inner = grad @ adapter.b
        grad_a = grad_inner.t() @ (drop.apply(x) if drop else x)
        return LowRankGradients(grad_inner, grad_a, grads_b)

    def add_up(self, total: Tensor, grad: Tensor, a: Tensor, drop: Dropout | None) -> Tensor:
        if drop is None:
            return total.addmm_(grad, a)
        return total.add_(drop.apply(grad @ a))

    def copying(self, copies: Sequence[Copy]) -> Callable[[], None]:
        sources, targets = [copy.source for copy in copies], [copy.target for copy in copies]
        scales = [copy.scale for copy in copies]

        def make() -> None:
            torch._foreach_copy_(targets, torch._foreach_mul(sources, scales))

        return make


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
        found = linear.low_rank.gradients(x, inner, grad, adapter, ctx.drop)
        grad_x = None
        if ctx.needs_input_grad[0]:
            total = grad @ linear.weight.tensor()
            grad_x = linear.low_rank.add_up(total, found.inner, adapter.a, ctx.drop)
        return grad_x, None, None, *adapter.gradients(found.a, found.b)
