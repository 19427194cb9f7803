"""A matrix times one token, as Triton kernels bound by the memory's speed alone.

Every weight is read once and used once, so the time is the bytes of the weights over the memory's
bandwidth; tensor cores would wait. What a program needs of its weights is asked for before it waits
for its input (early_start).
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from engine.worker.fast.kernels.early_start import early_start, wait_for_input
from engine.worker.fast.kernels.maths import UNSEEN, capped
from engine.worker.fast.parts.four_bits import FourBits

_COLUMNS = 1024
"""Weights of a row that are asked for at once: 8 a thread of four warps, 16 bytes in one load."""
_FEW = 256
"""Rows; of fewer, as an adapter's A has, each has a program of its own, so that a GPU is busy."""


def multiply_dense(x: Tensor, weight: Tensor) -> Tensor:
    """x: [1, K], weight: [N, K] -> [1, N]."""
    outputs, width = weight.shape
    out = torch.empty(1, outputs, dtype=x.dtype, device=x.device)
    rows = 1 if outputs < _FEW else 2
    _dense[(triton.cdiv(outputs, rows),)](
        x, weight, out, outputs, K=width, BN=rows, BK=_COLUMNS, num_warps=4, **early_start(1)
    )
    return out


def multiply_quantised(
    x: Tensor, weight: FourBits, outputs: int, inner: Tensor | None, b: Tensor | None
) -> Tensor:
    """x Wᵀ + inner Bᵀ: [1, N]."""
    width = x.shape[1]
    out = torch.empty(1, outputs, dtype=x.dtype, device=x.device)
    rows, blocks, warps = _quantised_tile(width)
    adapted = inner is not None and b is not None
    _quantised[(triton.cdiv(outputs, rows),)](
        x.view(torch.int32), weight.codes, weight.scales, inner if adapted else x,
        b if adapted else x, out, outputs, K=width, RANK=b.shape[1] if b is not None else 16,
        ADAPTED=adapted, LOOKUP=weight.lookup, BN=rows, BLOCKS=blocks, num_warps=warps,
        **early_start(1),
    )  # fmt: skip
    return out


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
    """reference.decode.attend."""
    rows, heads, d = q.shape
    kv_heads, length = keys.shape[1], keys.shape[2]
    out = torch.empty(rows, heads * d, dtype=q.dtype, device=q.device)
    _attend[(rows, kv_heads)](
        q, k, v, keys, values, positions, out, window or length, scale,
        LENGTH=length, KV_HEADS=kv_heads, REPEATS=heads // kv_heads, CAP=cap or 0.0, D=d,
        BN=64 if d <= 128 else 32, num_warps=4, **early_start(rows),
    )  # fmt: skip
    return out


def _quantised_tile(width: int) -> tuple[int, int, int]:
    """Rows, blocks of 64 weights, warps: the fastest of some on an H100.

    Each thread keeps rows · blocks · 32 / (32 · warps) sums.
    """
    return (2, 16, 2) if width % 1024 == 0 else (8, 4, 2)


@triton.jit
def _dense(  # type: ignore[no-untyped-def]
    x_, weight_, out_, outputs,
    K: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, EARLY: tl.constexpr,
):  # fmt: skip
    rows = tl.program_id(0) * BN + tl.arange(0, BN)
    inside = rows < outputs
    start = weight_ + rows.to(tl.int64)[:, None] * K
    first = tl.arange(0, BK)
    w = tl.load(start + first[None, :], mask=inside[:, None] & (first[None, :] < K), other=0.0)
    wait_for_input(EARLY)
    x = tl.load(x_ + first, mask=first < K, other=0.0)
    total = w.to(tl.float32) * x.to(tl.float32)[None, :]
    for more in range(BK, K, BK):
        columns = more + first
        within = columns < K
        w = tl.load(start + columns[None, :], mask=inside[:, None] & within[None, :], other=0.0)
        x = tl.load(x_ + columns, mask=within, other=0.0)
        total += w.to(tl.float32) * x.to(tl.float32)[None, :]
    tl.store(out_ + rows, tl.sum(total, 1).to(out_.dtype.element_ty), mask=inside)


@triton.jit
def _quantised(  # type: ignore[no-untyped-def]
    x_, codes_, scales_, inner_, b_, out_, outputs,
    K: tl.constexpr, RANK: tl.constexpr, ADAPTED: tl.constexpr, LOOKUP: tl.constexpr,
    BN: tl.constexpr, BLOCKS: tl.constexpr, EARLY: tl.constexpr,
):  # fmt: skip
    """One program: BN outputs, y = Σ over blocks of scale · Σ lookup(code) · x, + inner Bᵀ.

    x_: two bfloat16 in an int32, as the weights lie two in a byte: a code's high half belongs to
    the even input, which is the int32's low half (little-endian). A bfloat16 is the upper half of
    the float32 of the same value, so shifting or masking makes one. Scales are of 64 weights.
    """
    ALL: tl.constexpr = K // 64
    rows = tl.program_id(0) * BN + tl.arange(0, BN)
    inside = rows < outputs
    pairs = tl.arange(0, 32)
    total = tl.zeros([BN, BLOCKS, 32], tl.float32)
    wait_for_input(EARLY)
    for first in range(0, ALL, BLOCKS):
        blocks = first + tl.arange(0, BLOCKS)
        within = blocks < ALL
        both = inside[:, None] & within[None, :]
        at = rows[:, None] * ALL + blocks[None, :]
        codes = tl.load(
            codes_ + at[:, :, None] * 32 + pairs[None, None, :], mask=both[:, :, None], other=0
        )
        scales = tl.load(scales_ + at, mask=both, other=0.0)
        x = tl.load(x_ + blocks[:, None] * 32 + pairs[None, :], mask=within[:, None], other=0)
        high, low = tl.inline_asm_elementwise(
            LOOKUP, "=r,=r,=r,=r,=r,=r,=r,=r,r", [codes],
            dtype=(tl.int32, tl.int32), is_pure=True, pack=4,
        )  # fmt: skip
        high, low = high.to(tl.float32, bitcast=True), low.to(tl.float32, bitcast=True)
        even = (x << 16).to(tl.float32, bitcast=True)
        odd = (x & -65536).to(tl.float32, bitcast=True)
        total += scales[:, :, None] * (high * even[None] + low * odd[None])
    out = tl.sum(tl.sum(total, 2), 1)
    if ADAPTED:
        r = tl.arange(0, RANK)
        b = tl.load(b_ + rows[:, None] * RANK + r[None, :], mask=inside[:, None], other=0.0)
        out += tl.sum(b.to(tl.float32) * tl.load(inner_ + r).to(tl.float32)[None, :], 1)
    tl.store(out_ + rows, out.to(out_.dtype.element_ty), mask=inside)


@triton.jit
def _attend(  # type: ignore[no-untyped-def]
    q_, k_, v_, keys_, values_, positions_, out_, window, scale,
    LENGTH: tl.constexpr, KV_HEADS: tl.constexpr, REPEATS: tl.constexpr, CAP: tl.constexpr,
    D: tl.constexpr, BN: tl.constexpr, EARLY: tl.constexpr,
):  # fmt: skip
    """One program: the heads of one row that share keys, over all its tokens (online softmax).

    The queries are filled up to 16, the least that a product of tensor cores takes.
    """
    wait_for_input(EARLY)
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
    peak = tl.full([16], UNSEEN, tl.float32)
    weight = tl.zeros([16], tl.float32)
    begin = tl.maximum(position - window + 1, 0) // BN * BN
    for first in range(begin, position + 1, BN):
        places = first + tl.arange(0, BN)
        seen = (places <= position) & (places > position - window)
        k = tl.load(keys_ + cache + places[:, None] * D + d[None, :])
        s = capped(tl.dot(q, tl.trans(k)) * scale, CAP)
        s = tl.where(seen[None, :], s, UNSEEN)
        new_peak = tl.maximum(peak, tl.max(s, 1))
        p = tl.where(seen[None, :], tl.exp(s - new_peak[:, None]), 0.0)
        shrink = tl.exp(peak - new_peak)
        v = tl.load(values_ + cache + places[:, None] * D + d[None, :])
        total = total * shrink[:, None] + tl.dot(p.to(v.dtype), v)
        weight = weight * shrink + tl.sum(p, 1)
        peak = new_peak
    out = (total / weight[:, None]).to(out_.dtype.element_ty)
    tl.store(out_ + at, out, mask=real)
