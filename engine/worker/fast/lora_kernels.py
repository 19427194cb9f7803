"""The adapter's three low-rank products as Triton kernels that drop inputs on the way."""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from engine.worker.fast.dropout import Dropout


class KernelLowRank:
    """linear.LowRank; widths are multiples of 64, ranks powers of two."""

    def down(self, x: Tensor, a: Tensor, drop: Dropout | None) -> Tensor:
        (tokens, width), rank = x.shape, a.shape[0]
        out = torch.empty(tokens, rank, dtype=x.dtype, device=x.device)
        _down[(triton.cdiv(tokens, 16),)](
            x, a, out, *_dropping(drop, x), tokens, width, x.stride(0),
            RANK=rank, DROP=drop is not None, BT=16, BK=_block(width, 256 if rank <= 32 else 128),
            num_warps=4, num_stages=3,
        )  # fmt: skip
        return out

    def grad_a(self, x: Tensor, grad: Tensor, drop: Dropout | None) -> Tensor:
        (tokens, width), rank = x.shape, grad.shape[1]
        out = torch.zeros(rank, width, dtype=torch.float32, device=x.device)
        _grad_a[(width // 64, triton.cdiv(tokens, 512))](
            x, grad, out, *_dropping(drop, x), tokens, width, x.stride(0), grad.stride(0),
            RANK=rank, DROP=drop is not None, BT=64, BK=64, CHUNK=512, num_warps=4, num_stages=3,
        )  # fmt: skip
        return out

    def add_up(self, total: Tensor, grad: Tensor, a: Tensor, drop: Dropout | None) -> Tensor:
        (tokens, width), rank = total.shape, a.shape[0]
        block = _block(width, 128)
        _add_up[(triton.cdiv(tokens, 64), width // block)](
            total, grad, a, *_dropping(drop, total), tokens, width, total.stride(0),
            grad.stride(0), RANK=rank, DROP=drop is not None, BT=64, BK=block, num_warps=4,
        )  # fmt: skip
        return total


def _dropping(drop: Dropout | None, like: Tensor) -> tuple[Any, ...]:
    if drop is None:
        return like, 0, 0, 1.0
    return drop.seed, drop.salt, drop.threshold, drop.scale


def _block(width: int, most: int) -> int:
    return most if width % most == 0 else 128 if width % 128 == 0 else 64


@triton.jit
def _kept(places, seed_, salt, threshold):  # type: ignore[no-untyped-def]
    """dropout.Dropout.kept, to the bit."""
    mixed = places.to(tl.uint32) * 0x9E3779B1 + (tl.load(seed_) + salt).to(tl.uint32)
    mixed = (mixed ^ (mixed >> 15)) * 0x85EBCA6B
    mixed = (mixed ^ (mixed >> 13)) * 0xC2B2AE35
    return ((mixed ^ (mixed >> 16)) >> 8) >= threshold


@triton.jit
def _down(  # type: ignore[no-untyped-def]
    x_, a_, out_, seed_, salt, threshold, scale, tokens, width, stride,
    RANK: tl.constexpr, DROP: tl.constexpr, BT: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    rows = tl.program_id(0) * BT + tl.arange(0, BT)
    inside = rows[:, None] < tokens
    r = tl.arange(0, RANK)
    total = tl.zeros([BT, RANK], tl.float32)
    for first in range(0, width, BK):
        columns = first + tl.arange(0, BK)
        x = tl.load(x_ + rows[:, None] * stride + columns[None, :], mask=inside, other=0.0)
        if DROP:
            kept = _kept(rows[:, None] * width + columns[None, :], seed_, salt, threshold)
            x = tl.where(kept, x, 0.0)
        a = tl.load(a_ + r[:, None] * width + columns[None, :])
        total += tl.dot(x, tl.trans(a))
    out = (total * scale).to(out_.dtype.element_ty)
    tl.store(out_ + rows[:, None] * RANK + r[None, :], out, mask=inside)


@triton.jit
def _grad_a(  # type: ignore[no-untyped-def]
    x_, grad_, out_, seed_, salt, threshold, scale, tokens, width, stride, grad_stride,
    RANK: tl.constexpr, DROP: tl.constexpr, BT: tl.constexpr, BK: tl.constexpr,
    CHUNK: tl.constexpr,
):  # fmt: skip
    columns = tl.program_id(0) * BK + tl.arange(0, BK)
    begin = tl.program_id(1) * CHUNK
    r = tl.arange(0, RANK)
    total = tl.zeros([RANK, BK], tl.float32)
    for first in range(begin, begin + CHUNK, BT):
        rows = first + tl.arange(0, BT)
        inside = rows[:, None] < tokens
        x = tl.load(x_ + rows[:, None] * stride + columns[None, :], mask=inside, other=0.0)
        if DROP:
            kept = _kept(rows[:, None] * width + columns[None, :], seed_, salt, threshold)
            x = tl.where(kept, x, 0.0)
        grad = tl.load(grad_ + rows[:, None] * grad_stride + r[None, :], mask=inside, other=0.0)
        total += tl.dot(tl.trans(grad), x)
    tl.atomic_add(out_ + r[:, None] * width + columns[None, :], total * scale)


@triton.jit
def _add_up(  # type: ignore[no-untyped-def]
    total_, grad_, a_, seed_, salt, threshold, scale, tokens, width, stride, grad_stride,
    RANK: tl.constexpr, DROP: tl.constexpr, BT: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    rows = tl.program_id(0) * BT + tl.arange(0, BT)
    columns = tl.program_id(1) * BK + tl.arange(0, BK)
    inside = rows[:, None] < tokens
    r = tl.arange(0, RANK)
    grad = tl.load(grad_ + rows[:, None] * grad_stride + r[None, :], mask=inside, other=0.0)
    a = tl.load(a_ + r[:, None] * width + columns[None, :])
    more = tl.dot(grad, a) * scale
    if DROP:
        kept = _kept(rows[:, None] * width + columns[None, :], seed_, salt, threshold)
        more = tl.where(kept, more, 0.0)
    at = total_ + rows[:, None] * stride + columns[None, :]
    total = tl.load(at, mask=inside, other=0.0).to(tl.float32) + more
    tl.store(at, total.to(total_.dtype.element_ty), mask=inside)
