"""Attention within packed rows as Triton kernels: only blocks that some token sees are touched.

A flash attention (Dao et al. 2022) whose rows are short documents: one start index a token says
where its document begins, and the first `shared` tokens are seen by all. Scores are capped in the
kernel, so Gemma-2 pays nothing for it.

For T tokens, H query heads, K key heads (H / K queries share one) of size D:

    s = cap(q kᵀ · scale)        score, masked where the token is not seen
    p = exp(s - sums)            sums: log Σ exp(s) of a query, kept from the forward pass
    out = p v

Nothing of size T × T is kept. The backward kernels compute s and p anew from q, k and `sums`:

    dots = Σ_d out · d_out       of a query: what softmax takes off each of its slopes
    ds = p (d_out vᵀ - dots) · scale · cap′(s)
    d_q = ds k      d_k = dsᵀ q      d_v = pᵀ d_out

Products take 16-bit inputs and add up in float32. Pointers end in `_`, tiles are [BM queries, BN
keys]; why a tile has its size is said at attention.TILES.
"""

from __future__ import annotations

import triton
import triton.language as tl

from engine.worker.fast.kernels.maths import UNSEEN, cap_slope, capped


@triton.jit
def _forward_block(  # type: ignore[no-untyped-def]
    q, first, rows, start, shared, total, peak, weight, k_, v_, k_stride, v_stride, scale,
    CAP: tl.constexpr, D: tl.constexpr, BN: tl.constexpr,
):  # fmt: skip
    """Take BN more keys into an online softmax (Milakov and Gimelshein 2018).

    total [BM, D] = Σ exp(s - peak) v and weight [BM] = Σ exp(s - peak) are relative to the highest
    score so far; where that rises, both shrink by exp(old - new).
    """
    columns = first + tl.arange(0, BN)
    d = tl.arange(0, D)
    k = tl.load(k_ + columns[:, None] * k_stride + d[None, :])
    s = capped(tl.dot(q, tl.trans(k)) * scale, CAP)
    own = columns[None, :] >= start[:, None]
    seen = (columns[None, :] <= rows[:, None]) & (own | (columns[None, :] < shared))
    s = tl.where(seen, s, UNSEEN)
    new_peak = tl.maximum(peak, tl.max(s, 1))
    p = tl.where(seen, tl.exp(s - new_peak[:, None]), 0.0)
    shrink = tl.exp(peak - new_peak)
    v = tl.load(v_ + columns[:, None] * v_stride + d[None, :])
    total = total * shrink[:, None] + tl.dot(p.to(v.dtype), v)
    return total, new_peak, weight * shrink + tl.sum(p, 1)


@triton.jit
def forward(  # type: ignore[no-untyped-def]
    q_, k_, v_, out_, sums_, start_, tokens, shared, q_stride, k_stride, v_stride, scale,
    HEADS: tl.constexpr, REPEATS: tl.constexpr, CAP: tl.constexpr, D: tl.constexpr,
    BM: tl.constexpr, BN: tl.constexpr,
):  # fmt: skip
    """One program: BM queries of one head, over the shared keys and then their own."""
    block = tl.program_id(0)
    head = tl.program_id(1)
    rows = block * BM + tl.arange(0, BM)
    d = tl.arange(0, D)
    start = tl.load(start_ + rows)
    q = tl.load(q_ + rows[:, None] * q_stride + head * D + d[None, :])
    k_ += (head // REPEATS) * D
    v_ += (head // REPEATS) * D
    total = tl.zeros([BM, D], tl.float32)
    peak = tl.full([BM], UNSEEN, tl.float32)
    weight = tl.zeros([BM], tl.float32)
    # From the block of keys where the first document in this tile begins, the tile sees its own;
    # of what is before it, only the shared prefix.
    own = (tl.min(start, 0) // BN) * BN
    for first in range(0, tl.minimum(tl.cdiv(shared, BN) * BN, own), BN):
        total, peak, weight = _forward_block(
            q, first, rows, start, shared, total, peak, weight, k_, v_, k_stride, v_stride, scale,
            CAP, D, BN,
        )  # fmt: skip
    for first in range(own, (block + 1) * BM, BN):
        total, peak, weight = _forward_block(
            q, first, rows, start, shared, total, peak, weight, k_, v_, k_stride, v_stride, scale,
            CAP, D, BN,
        )  # fmt: skip
    out = (total / weight[:, None]).to(out_.dtype.element_ty)
    tl.store(out_ + rows[:, None] * (HEADS * D) + head * D + d[None, :], out)
    tl.store(sums_ + head * tokens + rows, peak + tl.log(weight))


@triton.jit
def _grad_queries_block(  # type: ignore[no-untyped-def]
    q, grad, sums, dots, first, rows, start, shared, total, k_, v_, k_stride, v_stride, scale,
    CAP: tl.constexpr, D: tl.constexpr, BN: tl.constexpr,
):  # fmt: skip
    """Add to d_q [BM, D] what BN keys give it."""
    columns = first + tl.arange(0, BN)
    d = tl.arange(0, D)
    k = tl.load(k_ + columns[:, None] * k_stride + d[None, :])
    v = tl.load(v_ + columns[:, None] * v_stride + d[None, :])
    s = capped(tl.dot(q, tl.trans(k)) * scale, CAP)
    own = columns[None, :] >= start[:, None]
    seen = (columns[None, :] <= rows[:, None]) & (own | (columns[None, :] < shared))
    p = tl.where(seen, tl.exp(s - sums[:, None]), 0.0)
    slope = p * (tl.dot(grad, tl.trans(v)) - dots[:, None]) * scale
    if CAP > 0:
        slope = slope * cap_slope(s, CAP)
    return total + tl.dot(slope.to(k.dtype), k)


@triton.jit
def grad_queries(  # type: ignore[no-untyped-def]
    q_, k_, v_, out_, grad_, sums_, dots_, grad_q_, start_, tokens, shared,
    q_stride, k_stride, v_stride, scale,
    HEADS: tl.constexpr, REPEATS: tl.constexpr, CAP: tl.constexpr, D: tl.constexpr,
    BM: tl.constexpr, BN: tl.constexpr,
):  # fmt: skip
    """One program: the gradient of BM queries of one head.

    On the way, for the keys' gradients, what they attended to times its gradient: [heads, T].
    """
    block = tl.program_id(0)
    head = tl.program_id(1)
    rows = block * BM + tl.arange(0, BM)
    d = tl.arange(0, D)
    at = rows[:, None] * (HEADS * D) + head * D + d[None, :]
    start = tl.load(start_ + rows)
    q = tl.load(q_ + rows[:, None] * q_stride + head * D + d[None, :])
    grad = tl.load(grad_ + at)
    sums = tl.load(sums_ + head * tokens + rows)
    dots = tl.sum(tl.load(out_ + at).to(tl.float32) * grad.to(tl.float32), 1)
    tl.store(dots_ + head * tokens + rows, dots)
    k_ += (head // REPEATS) * D
    v_ += (head // REPEATS) * D
    total = tl.zeros([BM, D], tl.float32)
    own = (tl.min(start, 0) // BN) * BN
    for first in range(0, tl.minimum(tl.cdiv(shared, BN) * BN, own), BN):
        total = _grad_queries_block(
            q, grad, sums, dots, first, rows, start, shared, total, k_, v_, k_stride, v_stride,
            scale, CAP, D, BN,
        )  # fmt: skip
    for first in range(own, (block + 1) * BM, BN):
        total = _grad_queries_block(
            q, grad, sums, dots, first, rows, start, shared, total, k_, v_, k_stride, v_stride,
            scale, CAP, D, BN,
        )  # fmt: skip
    tl.store(grad_q_ + at, total.to(grad_q_.dtype.element_ty))


@triton.jit
def grad_keys(  # type: ignore[no-untyped-def]
    q_, k_, v_, grad_, sums_, dots_, grad_k_, grad_v_, start_, end_, tokens, shared,
    q_stride, k_stride, v_stride, scale, first_block,
    HEADS: tl.constexpr, REPEATS: tl.constexpr, CAP: tl.constexpr, D: tl.constexpr,
    BM: tl.constexpr, BN: tl.constexpr, SPLITS: tl.constexpr,
):  # fmt: skip
    """One program: the gradient of BN keys and values of one head, of all that look at them.

    It goes through the query heads that share the keys, so that no sum over heads is left to do.
    With SPLITS, so many programs go through a part of the queries each and add up: every document
    looks at the shared prefix, and one program would be at it for the whole pass. Scores are
    transposed here, [BN keys, BM queries].
    """
    block = tl.program_id(0) + first_block
    key_head = tl.program_id(1)
    columns = block * BN + tl.arange(0, BN)
    d = tl.arange(0, D)
    k = tl.load(k_ + columns[:, None] * k_stride + key_head * D + d[None, :])
    v = tl.load(v_ + columns[:, None] * v_stride + key_head * D + d[None, :])
    grad_k = tl.zeros([BN, D], tl.float32)
    grad_v = tl.zeros([BN, D], tl.float32)
    begin = (block * BN // BM) * BM
    finish = tl.max(tl.load(end_ + columns), 0)  # where the last document that sees them ends
    if SPLITS > 1:
        part = tl.cdiv(tl.cdiv(tokens - begin, SPLITS), BM) * BM
        begin += tl.program_id(2) * part
        finish = tl.minimum(tokens, begin + part)
    if begin < finish:  # else a program has no part left
        blocks = tl.cdiv(finish - begin, BM)
        for step in range(0, blocks * REPEATS):
            head = key_head * REPEATS + step // blocks
            rows = begin + (step % blocks) * BM + tl.arange(0, BM)
            start = tl.load(start_ + rows)
            q = tl.load(q_ + rows[:, None] * q_stride + head * D + d[None, :])
            grad = tl.load(grad_ + rows[:, None] * (HEADS * D) + head * D + d[None, :])
            sums = tl.load(sums_ + head * tokens + rows)
            dots = tl.load(dots_ + head * tokens + rows)
            s = capped(tl.dot(k, tl.trans(q)) * scale, CAP)
            own = columns[:, None] >= start[None, :]
            seen = (columns[:, None] <= rows[None, :]) & (own | (columns[:, None] < shared))
            p = tl.where(seen, tl.exp(s - sums[None, :]), 0.0)
            grad_v += tl.dot(p.to(grad.dtype), grad)
            slope = p * (tl.dot(v, tl.trans(grad)) - dots[None, :]) * scale
            if CAP > 0:
                slope = slope * cap_slope(s, CAP)
            grad_k += tl.dot(slope.to(q.dtype), q)
    at = columns[:, None] * (HEADS // REPEATS * D) + key_head * D + d[None, :]
    if SPLITS > 1:
        tl.atomic_add(grad_k_ + at, grad_k, sem="relaxed")
        tl.atomic_add(grad_v_ + at, grad_v, sem="relaxed")
    else:
        tl.store(grad_k_ + at, grad_k.to(grad_k_.dtype.element_ty))
        tl.store(grad_v_ + at, grad_v.to(grad_v_.dtype.element_ty))
