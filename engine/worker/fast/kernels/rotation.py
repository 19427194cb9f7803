"""Queries and keys turned by their positions, as Triton kernels, both ways."""

from __future__ import annotations

import triton
import triton.language as tl

from engine.worker.fast.kernels.early_start import wait_for_input


@triton.jit
def rotate(  # type: ignore[no-untyped-def]
    qkv_, cos_, sin_, norm_queries_, norm_keys_, q_, k_, v_, tokens, eps,
    HEADS: tl.constexpr, KV_HEADS: tl.constexpr, D: tl.constexpr, HALF: tl.constexpr,
    NORMED: tl.constexpr, BT: tl.constexpr, EARLY: tl.constexpr,
):  # fmt: skip
    """One program: BT tokens' one head, of queries first, then of keys, then of values.

    Queries and keys are normed over the head where the family does so, then turned by the angle of
    their position (Su et al. 2021), the halves (a, b) of a head as the parts of complex numbers:

        a′ = a cos - b sin      b′ = b cos + a sin
    """
    wait_for_input(EARLY)
    rows = (tl.program_id(0).to(tl.int64) * BT + tl.arange(0, BT))[:, None]
    inside = rows < tokens
    head = tl.program_id(1)
    at = tl.arange(0, HALF)[None, :]
    x_ = qkv_ + rows * ((HEADS + 2 * KV_HEADS) * D) + head * D + at
    dtype = q_.dtype.element_ty
    first = tl.load(x_, mask=inside, other=0.0).to(tl.float32)
    second = tl.load(x_ + HALF, mask=inside, other=0.0).to(tl.float32)
    if head < HEADS + KV_HEADS:
        if NORMED:
            weight_ = norm_queries_ if head < HEADS else norm_keys_
            squares = tl.sum(first * first, 1) + tl.sum(second * second, 1)
            inverse = tl.rsqrt(squares / D + eps)[:, None]
            first = (first * inverse).to(dtype).to(tl.float32)
            second = (second * inverse).to(dtype).to(tl.float32)
            first *= tl.load(weight_ + at).to(tl.float32)
            second *= tl.load(weight_ + HALF + at).to(tl.float32)
        cos = tl.load(cos_ + rows * D + at, mask=inside, other=0.0).to(tl.float32)
        sin = tl.load(sin_ + rows * D + at, mask=inside, other=0.0).to(tl.float32)
        turned = first * cos - second * sin
        second = second * cos + first * sin
        first = turned
    if head < HEADS:
        out_ = q_ + (rows * HEADS + head) * D + at
    elif head < HEADS + KV_HEADS:
        out_ = k_ + (rows * KV_HEADS + head - HEADS) * D + at
    else:
        out_ = v_ + (rows * KV_HEADS + head - HEADS - KV_HEADS) * D + at
    tl.store(out_, first.to(dtype), mask=inside)
    tl.store(out_ + HALF, second.to(dtype), mask=inside)


@triton.jit
def rotate_backward(  # type: ignore[no-untyped-def]
    qkv_, cos_, sin_, norm_queries_, norm_keys_, grad_q_, grad_k_, grad_v_, out_, tokens, eps,
    HEADS: tl.constexpr, KV_HEADS: tl.constexpr, D: tl.constexpr, HALF: tl.constexpr,
    NORMED: tl.constexpr, BT: tl.constexpr,
):  # fmt: skip
    """Gradients are turned back, by the opposite angle; then go through the head's norm, as in
    `_norm_slope`."""
    rows = (tl.program_id(0).to(tl.int64) * BT + tl.arange(0, BT))[:, None]
    inside = rows < tokens
    head = tl.program_id(1)
    at = tl.arange(0, HALF)[None, :]
    place = rows * ((HEADS + 2 * KV_HEADS) * D) + head * D + at
    dtype = out_.dtype.element_ty
    if head < HEADS:
        grad_ = grad_q_ + (rows * HEADS + head) * D + at
    elif head < HEADS + KV_HEADS:
        grad_ = grad_k_ + (rows * KV_HEADS + head - HEADS) * D + at
    else:
        grad_ = grad_v_ + (rows * KV_HEADS + head - HEADS - KV_HEADS) * D + at
    grad_first = tl.load(grad_, mask=inside, other=0.0).to(tl.float32)
    grad_second = tl.load(grad_ + HALF, mask=inside, other=0.0).to(tl.float32)
    if head < HEADS + KV_HEADS:
        cos = tl.load(cos_ + rows * D + at, mask=inside, other=0.0).to(tl.float32)
        sin = tl.load(sin_ + rows * D + at, mask=inside, other=0.0).to(tl.float32)
        turned = grad_first * cos + grad_second * sin
        grad_second = grad_second * cos - grad_first * sin
        grad_first = turned
        if NORMED:
            weight_ = norm_queries_ if head < HEADS else norm_keys_
            first = tl.load(qkv_ + place, mask=inside, other=0.0).to(tl.float32)
            second = tl.load(qkv_ + place + HALF, mask=inside, other=0.0).to(tl.float32)
            squares = tl.sum(first * first, 1) + tl.sum(second * second, 1)
            inverse = tl.rsqrt(squares / D + eps)[:, None]
            grad_first *= tl.load(weight_ + at).to(tl.float32)
            grad_second *= tl.load(weight_ + HALF + at).to(tl.float32)
            first, second = first * inverse, second * inverse
            along = (tl.sum(grad_first * first, 1) + tl.sum(grad_second * second, 1)) / D
            grad_first = inverse * (grad_first - first * along[:, None])
            grad_second = inverse * (grad_second - second * along[:, None])
    tl.store(out_ + place, grad_first.to(dtype), mask=inside)
    tl.store(out_ + place + HALF, grad_second.to(dtype), mask=inside)
