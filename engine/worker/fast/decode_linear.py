"""Linears for one token at a time: merged with their adapter, or straight from 4 bits."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from engine.worker.fast.reference import decode
from engine.worker.fast.reference.linear import Linear, Multiply


def merged(linear: Linear, *, kernels: bool) -> Multiply:
    """Base and adapter added up in one matrix of the computation's dtype."""
    weight = linear.weight.tensor()
    if linear.adapter is not None:
        more = linear.adapter.b.float() @ linear.adapter.a.float()
        weight = (weight.float() + more).to(weight.dtype)
    elif not linear.weight.kept:
        weight = weight.clone()  # it lies in scratch memory
    multiply = matrix(weight, kernels=kernels)
    return lambda x, seed=None: multiply(x)


def matrix(weight: Tensor, *, kernels: bool) -> Callable[[Tensor], Tensor]:
    """A plain matrix [N, K]; a single row goes through our kernel."""
    if not kernels:
        return lambda x: decode.multiply_dense(x, weight)
    from engine.worker.fast.kernels.decode import multiply_dense

    return lambda x: (multiply_dense if len(x) == 1 else decode.multiply_dense)(x, weight)


class Quantised:
    """Reads 4-bit weights as they are stored, and adds the adapter on the way; for one row."""

    def __init__(self, linear: Linear) -> None:
        self._linear = linear
        self._weight = linear.weight.four_bits

    def __call__(self, x: Tensor, seed: Tensor | None = None) -> Tensor:
        from engine.worker.fast.kernels.decode import multiply_dense, multiply_quantised

        if len(x) > 1:
            return self._linear(x, seed)
        adapter, outputs = self._linear.adapter, self._linear.weight.outputs
        if adapter is None:
            return multiply_quantised(x, self._weight, outputs, None, None)
        inner = multiply_dense(x, adapter.a)
        return multiply_quantised(x, self._weight, outputs, inner, adapter.b)
