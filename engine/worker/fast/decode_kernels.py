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
    """Write x Wᵀ + inner Bᵀ to out: [1, N], W in bytes of two codes."""
    width, outputs = x.shape[1], out.shape[1]
    rows, columns, warps = _quantised_tile(outputs, width)
    adapted = inner is not None and b is not None
    _quantised[(triton.cdiv(outputs, rows),)](
        x, codes, scales, table, inner if adapted else x, b if adapted else x, out, outputs,
        K=width, RANK=b.shape[1] if b is not None else 16, ADAPTED=adapted,
        BN=rows, BK=columns, num_warps=warps,
    )  # fmt: skip


def attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    keys: Tensor,
    values: Tensor,
    positions: Tensor,
    window: int | None,
    scale: float,
    cap: float | None,
) -> Tensor:
    """decode._attend."""
    rows, heads, d = q.shape
    kv_heads, length = keys.shape[1], keys.shape[2]
    out = torch.empty(rows, heads * d, dtype=q.dtype, device=q.device)
    _attend[(rows, kv_heads)](
        q, k, v, keys, values, positions, out, window or length, scale,
        LENGTH=length, KV_HEADS=kv_heads, REPEATS=heads // kv_heads, CAP=cap or 0.0, D=d,
        BN=64 if d <= 128 else 32, num_warps=4,
    )  # fmt: skip
    return out


def byte_values(table: Tensor) -> Tensor:
    """[256] int32: for each byte of two codes both values, as bfloat16, the high code's above."""
    values = table.to(torch.bfloat16).view(torch.int16).int() & 0xFFFF
    return ((values[:, None] << 16) | values[None, :]).reshape(-1)


def _dense_tile(outputs: int, width: int) -> tuple[int, int, int]:
    if outputs < 256:  # an adapter's A
        return 1, 1024, 4
    return (4, 1024, 4) if width <= 2048 else (2, 2048, 4)


def _quantised_tile(outputs: int, width: int) -> tuple[int, int, int]:
    return (4, 512, 4) if width <= 4096 else (2, 2048, 4)


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
        values = tl.load(table_ + codes)
        high = (values & -65536).to(tl.float32, bitcast=True)
        low = (values << 16).to(tl.float32, bitcast=True)
        even = tl.load(x_ + 2 * pairs, mask=within, other=0.0).to(tl.float32)
        odd = tl.load(x_ + 2 * pairs + 1, mask=within, other=0.0).to(tl.float32)
        total += scales * (high * even[None, :] + low * odd[None, :])
    out = tl.sum(total, 1)
    if ADAPTED:
        r = tl.arange(0, RANK)
        b = tl.load(b_ + rows[:, None] * RANK + r[None, :], mask=inside[:, None], other=0.0)
        out += tl.sum(b.to(tl.float32) * tl.load(inner_ + r).to(tl.float32)[None, :], 1)
    tl.store(out_ + rows, out.to(out_.dtype.element_ty), mask=inside)


@triton.jit
def _attend(  # type: ignore[no-untyped-def]
    q_, k_, v_, keys_, values_, positions_, out_, window, scale,
    LENGTH: tl.constexpr, KV_HEADS: tl.constexpr, REPEATS: tl.constexpr, CAP: tl.constexpr,
    D: tl.constexpr, BN: tl.constexpr,
):  # fmt: skip
    """One program: the heads of one row that share keys, over all its tokens."""
    row = tl.program_id(0)
    head = tl.program_id(1)
    d = tl.arange(0, D)
    m = tl.arange(0, 16)
    position = tl.load(positions_ + row).to(tl.int32)
    cache = (row * KV_HEADS + head).to(tl.int64) * LENGTH * D
    new = (row * KV_HEADS + head) * D + d
    tl.store(keys_ + cache + position * D + d, tl.load(k_ + new))
    tl.store(values_ + cache + position * D + d, tl.load(v_ + new))
    tl.debug_barrier()  # what was stored is loaded below
    at = (row * KV_HEADS + head) * REPEATS * D + m[:, None] * D + d[None, :]
    real = m[:, None] < REPEATS
    q = tl.load(q_ + at, mask=real, other=0.0)
    total = tl.zeros([16, D], tl.float32)
    peak = tl.full([16], -1e30, tl.float32)
    weight = tl.zeros([16], tl.float32)
    begin = tl.maximum(position - window + 1, 0) // BN * BN
    for first in range(begin, position + 1, BN):
        places = first + tl.arange(0, BN)
        seen = (places <= position) & (places > position - window)
        k = tl.load(keys_ + cache + places[:, None] * D + d[None, :])
        s = tl.dot(q, tl.trans(k)) * scale
        if CAP > 0:
            s = CAP * (1.0 - 2.0 / (tl.exp(2.0 * s / CAP) + 1.0))
        s = tl.where(seen[None, :], s, -1e30)
        new_peak = tl.maximum(peak, tl.max(s, 1))
        p = tl.where(seen[None, :], tl.exp(s - new_peak[:, None]), 0.0)
        shrink = tl.exp(peak - new_peak)
        v = tl.load(values_ + cache + places[:, None] * D + d[None, :])
        total = total * shrink[:, None] + tl.dot(p.to(v.dtype), v)
        weight = weight * shrink + tl.sum(p, 1)
        peak = new_peak
    out = (total / weight[:, None]).to(out_.dtype.element_ty)
    tl.store(out_ + at, out, mask=real)
