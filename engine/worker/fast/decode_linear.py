"""Linears for one token at a time: merged with their adapter, or straight from 4 bits."""

from __future__ import annotations

from collections.abc import Callable

import bitsandbytes as bnb
import torch
from torch import Tensor

from engine.worker.fast.architecture import Unsupported
from engine.worker.fast.linear import Linear

Multiply = Callable[[Tensor], Tensor]
"""[B, K] -> [B, N]."""


def adapted(linear: Linear) -> Multiply:
    """Base and adapter apart, by torch: any device, any number of rows."""
    return lambda x: linear(x, None)


def merged(linear: Linear, *, kernels: bool) -> Multiply:
    """Base and adapter added up in one matrix of the computation's dtype."""
    weight = linear.weight.tensor()
    if linear.adapter is not None:
        more = linear.adapter.b.float() @ linear.adapter.a.float()
        weight = (weight.float() + more).to(weight.dtype)
    elif not linear.weight.kept:
        weight = weight.clone()  # it lies in scratch memory
    return matrix(weight, kernels=kernels)


def matrix(weight: Tensor, *, kernels: bool) -> Multiply:
    """A plain matrix [N, K]; a single row goes through our kernel."""
    if not kernels:
        return lambda x: x @ weight.t()
    from engine.worker.fast.decode_kernels import multiply_dense

    return lambda x: multiply_dense(x, weight) if len(x) == 1 else x @ weight.t()


class Quantised:
    """Reads 4-bit weights as they are stored, and adds the adapter on the way; for one row."""

    def __init__(self, linear: Linear) -> None:
        self._linear = linear
        self._parts = [_four_bits(part) for part in linear.weight.linears]

    def __call__(self, x: Tensor) -> Tensor:
        from engine.worker.fast.decode_kernels import multiply_dense, multiply_quantised

        adapter = self._linear.adapter
        if len(x) > 1:
            return self._linear(x, None)
        inner = None if adapter is None else multiply_dense(x, adapter.a)
        sizes = self._linear.weight.sizes
        out = torch.empty(1, sum(sizes), dtype=x.dtype, device=x.device)
        row = 0
        for (codes, scales, table), size in zip(self._parts, sizes):
            rows = slice(row, row + size)
            b = None if adapter is None else adapter.b[rows]
            multiply_quantised(x, codes, scales, table, inner, b, out[:, rows])
            row += size
        return out


def _four_bits(linear: torch.nn.Module) -> tuple[Tensor, Tensor, Tensor]:
    """Codes as stored, each block's scale as float32, and what a byte means. Raises Unsupported."""
    if not isinstance(linear, bnb.nn.Linear4bit):
        raise Unsupported("not a 4-bit layer")
    state = linear.weight.quant_state
    if state.blocksize != 64:
        raise Unsupported(f"4-bit blocks of {state.blocksize}")
    scales = state.absmax
    if state.nested:
        scales = bnb.functional.dequantize_blockwise(scales, state.state2) + state.offset
    from engine.worker.fast.decode_kernels import byte_values

    return linear.weight.data.view(-1), scales.float(), byte_values(state.code)
