"""The gate of a gated MLP as Triton kernels, read and written once, both ways."""

from __future__ import annotations

import triton
import triton.language as tl

from engine.worker.fast.kernels.early_start import wait_for_input
from engine.worker.fast.kernels.maths import tanh

GELU_SCALE = tl.constexpr(0.7978845608)
"""√(2/π): GELU by tanh (Hendrycks and Gimpel 2016), g/2 · (1 + tanh(√(2/π) (g + 0.044715 g³)))."""
GELU_CUBE = tl.constexpr(0.044715)


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
