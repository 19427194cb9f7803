"""A matrix times one token, as Triton kernels bound by the memory's speed alone."""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor


def multiply_dense(x: Tensor, weight: Tensor) -> Tensor:
    """x: [1, K], weight: [N, K] -> [1, N]."""
    outputs, width = weight.shape
    out = torch.empty(1, outputs, dtype=x.dtype, device=x.device)
    rows, columns, warps = _dense_tile(outputs, width)
    _dense[(triton.cdiv(outputs, rows),)](
        x, weight, out, outputs, K=width, BN=rows, BK=columns, num_warps=warps
    )
    return out


def multiply_quantised(
    x: Tensor,
    codes: Tensor,
    scales: Tensor,
    table: Tensor,
    inner: Tensor | None,
    b: Tensor | None,
    out: Tensor,
) -> None:
    """Write x Wᵀ + inner Bᵀ to out: [1, N], with W of N·K/2 bytes, two codes each, high one first."""
    width, outputs = x.shape[1], out.shape[1]
    rows, columns, warps = _quantised_tile(outputs, width)
    adapted = inner is not None and b is not None
    _quantised[(triton.cdiv(outputs, rows),)](
        x, codes, scales, table, inner if adapted else x, b if adapted else x, out, outputs,
        K=width, RANK=b.shape[1] if b is not None else 16, ADAPTED=adapted,
        BN=rows, BK=columns, num_warps=warps,
    )  # fmt: skip


def _dense_tile(outputs: int, width: int) -> tuple[int, int, int]:
    if outputs < 256:  # an adapter's A
        return 1, 1024, 4
    return (4, 1024, 4) if width <= 4096 else (2, 2048, 4)


def _quantised_tile(outputs: int, width: int) -> tuple[int, int, int]:
    return (4, 1024, 4) if width <= 4096 else (4, 2048, 4)


@triton.jit
def _dense(  # type: ignore[no-untyped-def]
    x_, weight_, out_, outputs, K: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr
):
    rows = tl.program_id(0) * BN + tl.arange(0, BN)
    inside = rows < outputs
    total = tl.zeros([BN, BK], tl.float32)
    for first in range(0, K, BK):
        columns = first + tl.arange(0, BK)
        at = rows.to(tl.int64)[:, None] * K + columns[None, :]
        w = tl.load(weight_ + at, mask=inside[:, None] & (columns[None, :] < K), other=0.0)
        x = tl.load(x_ + columns, mask=columns < K, other=0.0)
        total += w.to(tl.float32) * x.to(tl.float32)[None, :]
    tl.store(out_ + rows, tl.sum(total, 1).to(out_.dtype.element_ty), mask=inside)


@triton.jit
def _quantised(  # type: ignore[no-untyped-def]
    x_, codes_, scales_, table_, inner_, b_, out_, outputs,
    K: tl.constexpr, RANK: tl.constexpr, ADAPTED: tl.constexpr,
    BN: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    HALF: tl.constexpr = BK // 2
    rows = tl.program_id(0) * BN + tl.arange(0, BN)
    inside = rows < outputs
    total = tl.zeros([BN, HALF], tl.float32)
    for first in range(0, K, BK):
        pairs = first // 2 + tl.arange(0, HALF)
        within = pairs < K // 2
        both = inside[:, None] & within[None, :]
        codes = tl.load(codes_ + rows[:, None] * (K // 2) + pairs[None, :], mask=both, other=0)
        codes = codes.to(tl.int32)
        scales = tl.load(
            scales_ + rows[:, None] * (K // 64) + pairs[None, :] // 32, mask=both, other=0.0
        )
        high = tl.load(table_ + (codes >> 4))
        low = tl.load(table_ + (codes & 15))
        even = tl.load(x_ + 2 * pairs, mask=within, other=0.0).to(tl.float32)
        odd = tl.load(x_ + 2 * pairs + 1, mask=within, other=0.0).to(tl.float32)
        total += scales * (high * even[None, :] + low * odd[None, :])
    out = tl.sum(total, 1)
    if ADAPTED:
        r = tl.arange(0, RANK)
        b = tl.load(b_ + rows[:, None] * RANK + r[None, :], mask=inside[:, None], other=0.0)
        out += tl.sum(b.to(tl.float32) * tl.load(inner_ + r).to(tl.float32)[None, :], 1)
    tl.store(out_ + rows, out.to(out_.dtype.element_ty), mask=inside)
