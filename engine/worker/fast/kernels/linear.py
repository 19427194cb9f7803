"""The adapters' low-rank products as Triton kernels, which drop inputs on the way.

For T tokens, K inputs, R the ranks of all adapters that read them, N outputs of one linear
(LoRA, Hu et al. 2021; s: dropout's scale, c: alpha / rank):

    inner = s · drop(x) Aᵀ             [T, K] [R, K] -> [T, R]          _down
    y += c · inner Bᵀ                  beside the base product
    d_inner += d_y (c B)               [T, N] -> [T, R]                 _through_b
    d_B = c · d_yᵀ inner               [N, R], from the same reading    _through_b
    d_A = s · d_innerᵀ drop(x)         [R, K]                           _grad_a
    d_x += s · drop(d_inner A)         [T, K]                           _add_up

What was dropped is computed anew each time from seed and place (dropout.Dropout), never stored.
`B` is kept multiplied by c already. Sums over tokens are cut over programs and added atomically in
float32: an adapter is too narrow to keep a GPU busy otherwise, so the order of additions, and with
it the last bit, may differ from run to run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from engine.worker.fast.kernels.copies import Copies
from engine.worker.fast.parts import dropout
from engine.worker.fast.parts.adapters import OUTPUTS, Copy, FusedAdapter, padded_rank
from engine.worker.fast.parts.dropout import Dropout
from engine.worker.fast.reference.linear import LowRankGradients

_ROW_STEP = tl.constexpr(dropout.ROW_STEP)
_COLUMN_STEP = tl.constexpr(dropout.COLUMN_STEP)
_COLUMN_SALT = tl.constexpr(dropout.COLUMN_SALT)
_MIX_FIRST = tl.constexpr(dropout.MIX_FIRST)
_MIX_SECOND = tl.constexpr(dropout.MIX_SECOND)
_UNCOMPARED = tl.constexpr(32 - dropout.BITS)


_SUMS = 64 * 4 * 32
"""In float32, of a program's tile: 64 a thread of four warps."""
_NARROWEST = 16
"""Columns: the least that a product of tensor cores takes."""


class KernelLowRank:
    """linear.LowRank; widths are multiples of 16, ranks powers of two."""

    def down(self, x: Tensor, a: Tensor, drop: Dropout | None) -> Tensor:
        (tokens, width), rank = x.shape, a.shape[0]
        out = torch.empty(tokens, rank, dtype=x.dtype, device=x.device)
        _down[(triton.cdiv(tokens, 16),)](
            x, a, out, *_dropping(drop, x), tokens, width, x.stride(0),
            RANK=rank, DROP=drop is not None, BT=16, BK=_block(width, rank, 512),
            num_warps=4, num_stages=3,
        )  # fmt: skip
        return out

    def gradients(
        self, x: Tensor, inner: Tensor, grad: Tensor, adapter: FusedAdapter, drop: Dropout | None
    ) -> LowRankGradients:
        (tokens, width), rank, slots = x.shape, inner.shape[1], adapter.slots
        of_b = [slot.b.numel() for slot in slots]
        sizes = [tokens * rank, rank * width, sum(of_b)]
        zeros = torch.zeros(sum(sizes), dtype=torch.float32, device=grad.device)
        grad_inner, grad_a, grads_b = zeros.split(sizes)

        own = padded_rank(max(slot.b.shape[1] for slot in slots))
        _through_b[(len(adapter.blocks), triton.cdiv(tokens, 128))](
            grad, inner, adapter.b, grad_inner, grads_b, adapter.blocks, adapter.scaling,
            tokens, grad.stride(0), inner.stride(0),
            RANK=rank, OWN=own, BT=128, BN=OUTPUTS, num_warps=8,
        )  # fmt: skip
        block = _block(width, rank, 128)
        _grad_a[(width // block, triton.cdiv(tokens, 256))](
            x, grad_inner, grad_a, *_dropping(drop, x), tokens, width, x.stride(0),
            RANK=rank, DROP=drop is not None, BT=32 if rank <= 256 else 16, BK=block, CHUNK=256,
            num_warps=4, num_stages=3,
        )  # fmt: skip
        return LowRankGradients(
            grad_inner.view(tokens, rank),
            grad_a.view(rank, width),
            [part.view(slot.b.shape) for part, slot in zip(grads_b.split(of_b), slots)],
        )

    def add_up(self, total: Tensor, grad: Tensor, a: Tensor, drop: Dropout | None) -> Tensor:
        (tokens, width), rank = total.shape, a.shape[0]
        block = _block(width, rank, 128)
        _add_up[(triton.cdiv(tokens, 32), width // block)](
            total, grad, a, *_dropping(drop, total), tokens, width, total.stride(0),
            grad.stride(0), RANK=rank, DROP=drop is not None, BT=32, BK=block, num_warps=4,
        )  # fmt: skip
        return total

    def copying(self, copies: Sequence[Copy]) -> Callable[[], None]:
        return Copies(copies)


def _dropping(drop: Dropout | None, like: Tensor) -> tuple[Any, ...]:
    if drop is None:
        return like, 0, 0, 1.0
    return drop.seed, drop.salt, drop.threshold, drop.scale


def _block(width: int, rank: int, most: int) -> int:
    """Columns at once: what an inner dimension leaves room for, and the width is a multiple of.

    A tile of rank × columns holds at most _SUMS.
    """
    most = max(_NARROWEST, min(most, _SUMS // rank))
    return next(size for size in (512, 256, 128, 64, 32, 16) if size <= most and width % size == 0)


@triton.jit
def _mixed(keys):  # type: ignore[no-untyped-def]
    """dropout._mixed, in 32 bits."""
    mixed = (keys ^ (keys >> 16)) * _MIX_FIRST
    mixed = (mixed ^ (mixed >> 13)) * _MIX_SECOND
    return mixed ^ (mixed >> 16)


@triton.jit
def _kept(rows, columns, seed_, salt, threshold):  # type: ignore[no-untyped-def]
    """dropout.Dropout.kept, to the bit."""
    key = (tl.load(seed_) + salt).to(tl.uint32)
    of_row = _mixed(rows.to(tl.uint32) * _ROW_STEP + key)
    of_column = _mixed(columns.to(tl.uint32) * _COLUMN_STEP + (key ^ _COLUMN_SALT))
    mixed = (of_row[:, None] ^ of_column[None, :]) * _ROW_STEP
    mixed = (mixed ^ (mixed >> 15)) * _MIX_FIRST
    return (mixed >> _UNCOMPARED) >= threshold


@triton.jit
def _down(  # type: ignore[no-untyped-def]
    x_, a_, out_, seed_, salt, threshold, scale, tokens, width, stride,
    RANK: tl.constexpr, DROP: tl.constexpr, BT: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    """One program: BT tokens, all inputs, BK at a time; x is read once for all adapters."""
    rows = tl.program_id(0) * BT + tl.arange(0, BT)
    inside = rows[:, None] < tokens
    r = tl.arange(0, RANK)
    total = tl.zeros([BT, RANK], tl.float32)
    for first in range(0, width, BK):
        columns = first + tl.arange(0, BK)
        x = tl.load(x_ + rows[:, None] * stride + columns[None, :], mask=inside, other=0.0)
        if DROP:
            kept = _kept(rows, columns, seed_, salt, threshold)
            x = tl.where(kept, x, 0.0)
        a = tl.load(a_ + r[:, None] * width + columns[None, :])
        total += tl.dot(x, tl.trans(a))
    out = (total * scale).to(out_.dtype.element_ty)
    tl.store(out_ + rows[:, None] * RANK + r[None, :], out, mask=inside)


@triton.jit
def _grad_a(  # type: ignore[no-untyped-def]
    x_, grad_, out_, seed_, salt, threshold, scale, tokens, width, stride,
    RANK: tl.constexpr, DROP: tl.constexpr, BT: tl.constexpr, BK: tl.constexpr,
    CHUNK: tl.constexpr,
):  # fmt: skip
    """One program: BK columns of A, and CHUNK of the tokens that they sum over."""
    columns = tl.program_id(0) * BK + tl.arange(0, BK)
    begin = tl.program_id(1) * CHUNK
    r = tl.arange(0, RANK)
    total = tl.zeros([RANK, BK], tl.float32)
    for first in range(begin, begin + CHUNK, BT):
        rows = first + tl.arange(0, BT)
        inside = rows[:, None] < tokens
        x = tl.load(x_ + rows[:, None] * stride + columns[None, :], mask=inside, other=0.0)
        if DROP:
            kept = _kept(rows, columns, seed_, salt, threshold)
            x = tl.where(kept, x, 0.0)
        grad = tl.load(grad_ + rows[:, None] * RANK + r[None, :], mask=inside, other=0.0)
        total += tl.dot(tl.trans(grad.to(x.dtype)), x)
    at = out_ + r[:, None] * width + columns[None, :]
    tl.atomic_add(at, total * scale, sem="relaxed")


@triton.jit
def _add_up(  # type: ignore[no-untyped-def]
    total_, grad_, a_, seed_, salt, threshold, scale, tokens, width, stride, grad_stride,
    RANK: tl.constexpr, DROP: tl.constexpr, BT: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    """One program: BT tokens and BK inputs of d_x, onto what the base product gave it."""
    rows = tl.program_id(0) * BT + tl.arange(0, BT)
    columns = tl.program_id(1) * BK + tl.arange(0, BK)
    inside = rows[:, None] < tokens
    r = tl.arange(0, RANK)
    grad = tl.load(grad_ + rows[:, None] * grad_stride + r[None, :], mask=inside, other=0.0)
    a = tl.load(a_ + r[:, None] * width + columns[None, :])
    more = tl.dot(grad.to(a.dtype), a) * scale
    if DROP:
        kept = _kept(rows, columns, seed_, salt, threshold)
        more = tl.where(kept, more, 0.0)
    at = total_ + rows[:, None] * stride + columns[None, :]
    total = tl.load(at, mask=inside, other=0.0).to(tl.float32) + more
    tl.store(at, total.to(total_.dtype.element_ty), mask=inside)


@triton.jit
def _through_b(  # type: ignore[no-untyped-def]
    grad_, inner_, b_, grad_inner_, grads_b_, blocks_, scaling, tokens, grad_stride, inner_stride,
    RANK: tl.constexpr, OWN: tl.constexpr, BT: tl.constexpr, BN: tl.constexpr,
):  # fmt: skip
    """One program: BN outputs of one linear, and BT tokens; d_y is read once for both products.

    `blocks_` says of each block of outputs: first output, how many, first rank, rank, place of its
    part of d_B.
    """
    block_ = blocks_ + tl.program_id(0) * 5
    within = tl.arange(0, BN) < tl.load(block_ + 1)
    columns = tl.load(block_) + tl.arange(0, BN)
    first_rank, rank, place = tl.load(block_ + 2), tl.load(block_ + 3), tl.load(block_ + 4)
    r = tl.arange(0, OWN)[None, :]
    own = r < rank
    rows = (tl.program_id(1) * BT + tl.arange(0, BT))[:, None]
    inside = rows < tokens
    at = grad_ + rows * grad_stride + columns[None, :]
    grad = tl.load(at, mask=inside & within[None, :], other=0.0)
    inner = tl.load(inner_ + rows * inner_stride + first_rank + r, mask=inside & own, other=0.0)
    of_b = within[:, None] & own
    b = tl.load(b_ + columns[:, None] * RANK + first_rank + r, mask=of_b, other=0.0)
    at = grad_inner_ + rows * RANK + first_rank + r
    tl.atomic_add(at, tl.dot(grad, b), mask=inside & own, sem="relaxed")
    at = grads_b_ + place + tl.arange(0, BN)[:, None] * rank + r
    grad_b = tl.dot(tl.trans(grad), inner) * scaling
    tl.atomic_add(at, grad_b, mask=of_b, sem="relaxed")
