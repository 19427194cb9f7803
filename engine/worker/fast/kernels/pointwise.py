"""Norms, gate and rotary embedding as Triton kernels, each read and written once, both ways."""

from __future__ import annotations

import triton
import triton.language as tl

from engine.worker.fast.kernels.early_start import wait_for_input
from engine.worker.fast.kernels.maths import tanh

GELU_SCALE = tl.constexpr(0.7978845608)
"""√(2/π): GELU by tanh (Hendrycks and Gimpel 2016), g/2 · (1 + tanh(√(2/π) (g + 0.044715 g³)))."""
GELU_CUBE = tl.constexpr(0.044715)


@triton.jit
def _scale(weight, ADDS_ONE: tl.constexpr):  # type: ignore[no-untyped-def]
    weight = weight.to(tl.float32)
    if ADDS_ONE:
        weight += 1.0
    return weight


@triton.jit
def _normed(x, weight, eps, H: tl.constexpr, ADDS_ONE: tl.constexpr, dtype: tl.constexpr):  # type: ignore[no-untyped-def]
    """Rounded where the family's model rounds: before the weight, or after it."""
    wide = x * tl.rsqrt(tl.sum(x * x, 0) / H + eps)
    if ADDS_ONE:
        return (wide * _scale(weight, ADDS_ONE)).to(dtype)
    return (wide.to(dtype).to(tl.float32) * weight.to(tl.float32)).to(dtype)


@triton.jit
def _norm_slope(x, grad, weight, eps, H: tl.constexpr, ADDS_ONE: tl.constexpr):  # type: ignore[no-untyped-def]
    """The gradient of a norm's input, for y = u w with u = x / r, r² = mean(x²) + eps:

    d_x = (d_u - u · mean(d_u · u)) / r, where d_u = d_y w. r is computed anew from x.
    """
    inverse = tl.rsqrt(tl.sum(x * x, 0) / H + eps)
    unit = x * inverse
    grad = grad * _scale(weight, ADDS_ONE)
    return inverse * (grad - unit * (tl.sum(grad * unit, 0) / H))


@triton.jit
def norm(  # type: ignore[no-untyped-def]
    x_, weight_, out_, eps,
    H: tl.constexpr, ADDS_ONE: tl.constexpr, BLOCK: tl.constexpr, EARLY: tl.constexpr,
):  # fmt: skip
    """One program: one token's norm, [H]."""
    wait_for_input(EARLY)
    row = tl.program_id(0).to(tl.int64) * H
    at = tl.arange(0, BLOCK)
    inside = at < H
    x = tl.load(x_ + row + at, mask=inside, other=0.0).to(tl.float32)
    weight = tl.load(weight_ + at, mask=inside, other=0.0)
    out = _normed(x, weight, eps, H, ADDS_ONE, out_.dtype.element_ty)
    tl.store(out_ + row + at, out, mask=inside)


@triton.jit
def join(  # type: ignore[no-untyped-def]
    stream_, output_, own_, following_, joined_, normed_, eps,
    OWN: tl.constexpr, H: tl.constexpr, ADDS_ONE: tl.constexpr, BLOCK: tl.constexpr,
    EARLY: tl.constexpr,
):  # fmt: skip
    """One program, one token: joined = stream + norm(output), normed = norm(joined).

    The block's output is normed first where the family does so (OWN). `joined` is rounded before
    it is normed, as it would be if it were stored and read again.
    """
    wait_for_input(EARLY)
    row = tl.program_id(0).to(tl.int64) * H
    at = tl.arange(0, BLOCK)
    inside = at < H
    output = tl.load(output_ + row + at, mask=inside, other=0.0).to(tl.float32)
    if OWN:
        own = tl.load(own_ + at, mask=inside, other=0.0)
        output = _normed(output, own, eps, H, ADDS_ONE, joined_.dtype.element_ty).to(tl.float32)
    stream = tl.load(stream_ + row + at, mask=inside, other=0.0).to(tl.float32)
    joined = (stream + output).to(joined_.dtype.element_ty)
    tl.store(joined_ + row + at, joined, mask=inside)
    following = tl.load(following_ + at, mask=inside, other=0.0)
    normed = _normed(joined.to(tl.float32), following, eps, H, ADDS_ONE, normed_.dtype.element_ty)
    tl.store(normed_ + row + at, normed, mask=inside)


@triton.jit
def join_backward(  # type: ignore[no-untyped-def]
    output_, joined_, own_, following_, grad_joined_, grad_normed_, grad_stream_, grad_output_, eps,
    OWN: tl.constexpr, H: tl.constexpr, ADDS_ONE: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """One program, one token: `joined` has two gradients, its own and that through its norm; their
    sum is the stream's, and, through the output's own norm if it has one, the output's."""
    row = tl.program_id(0).to(tl.int64) * H
    at = tl.arange(0, BLOCK)
    inside = at < H
    joined = tl.load(joined_ + row + at, mask=inside, other=0.0).to(tl.float32)
    following = tl.load(following_ + at, mask=inside, other=0.0)
    grad = tl.load(grad_normed_ + row + at, mask=inside, other=0.0).to(tl.float32)
    grad = _norm_slope(joined, grad, following, eps, H, ADDS_ONE)
    grad += tl.load(grad_joined_ + row + at, mask=inside, other=0.0).to(tl.float32)
    tl.store(grad_stream_ + row + at, grad.to(grad_stream_.dtype.element_ty), mask=inside)
    if OWN:
        output = tl.load(output_ + row + at, mask=inside, other=0.0).to(tl.float32)
        own = tl.load(own_ + at, mask=inside, other=0.0)
        grad = _norm_slope(output, grad, own, eps, H, ADDS_ONE)
        tl.store(grad_output_ + row + at, grad.to(grad_output_.dtype.element_ty), mask=inside)


@triton.jit
def gate(  # type: ignore[no-untyped-def]
    gate_up_, out_, width, GELU: tl.constexpr, BLOCK: tl.constexpr, EARLY: tl.constexpr
):
    """One program: BLOCK of a token's activation(g) · up, [2 · width] -> [width]."""
    wait_for_input(EARLY)
    row = tl.program_id(0).to(tl.int64)
    at = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside = at < width
    g = tl.load(gate_up_ + row * 2 * width + at, mask=inside, other=0.0).to(tl.float32)
    up = tl.load(gate_up_ + row * 2 * width + width + at, mask=inside, other=0.0).to(tl.float32)
    if GELU:
        active = 0.5 * g * (1.0 + tanh(GELU_SCALE * (g + GELU_CUBE * g * g * g)))
    else:
        active = g * tl.sigmoid(g)
    dtype = out_.dtype.element_ty
    out = (active.to(dtype).to(tl.float32) * up).to(dtype)
    tl.store(out_ + row * width + at, out, mask=inside)


@triton.jit
def gate_backward(  # type: ignore[no-untyped-def]
    gate_up_, grad_, out_, width, GELU: tl.constexpr, BLOCK: tl.constexpr
):
    """d_g = d_out · up · activation′(g), d_up = d_out · activation(g), both made anew from g."""
    row = tl.program_id(0).to(tl.int64)
    at = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside = at < width
    g = tl.load(gate_up_ + row * 2 * width + at, mask=inside, other=0.0).to(tl.float32)
    up = tl.load(gate_up_ + row * 2 * width + width + at, mask=inside, other=0.0).to(tl.float32)
    grad = tl.load(grad_ + row * width + at, mask=inside, other=0.0).to(tl.float32)
    if GELU:
        t = tanh(GELU_SCALE * (g + GELU_CUBE * g * g * g))
        active = 0.5 * g * (1.0 + t)
        inner = GELU_SCALE * (1.0 + 3.0 * GELU_CUBE * g * g)  # of what tanh takes
        slope = 0.5 * (1.0 + t) + 0.5 * g * (1.0 - t * t) * inner
    else:
        s = tl.sigmoid(g)
        active = g * s
        slope = s * (1.0 + g * (1.0 - s))
    dtype = out_.dtype.element_ty
    tl.store(out_ + row * 2 * width + at, (grad * up * slope).to(dtype), mask=inside)
    tl.store(out_ + row * 2 * width + width + at, (grad * active).to(dtype), mask=inside)


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
