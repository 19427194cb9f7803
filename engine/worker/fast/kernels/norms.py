"""Norms and the residual stream as Triton kernels, each read and written once, both ways."""

from __future__ import annotations

import triton
import triton.language as tl

from engine.worker.fast.kernels.early_start import wait_for_input


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
