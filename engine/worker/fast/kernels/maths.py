"""Functions that several kernels compute with."""

from __future__ import annotations

import triton
import triton.language as tl

UNSEEN = tl.constexpr(-1e30)
"""A score that no peak of real scores is below; finite, for -inf less -inf is no number."""


@triton.jit
def tanh(x):  # type: ignore[no-untyped-def]
    """1 - 2 / (exp(2x) + 1): one exponential, and right at both ends, where it overflows to 1."""
    return 1.0 - 2.0 / (tl.exp(2.0 * x) + 1.0)


@triton.jit
def capped(x, CAP: tl.constexpr):  # type: ignore[no-untyped-def]
    """Gemma-2's soft cap, CAP · tanh(x / CAP); nothing for a CAP of 0."""
    if CAP > 0:
        x = CAP * (1.0 - 2.0 / (tl.exp(2.0 * x / CAP) + 1.0))
    return x


@triton.jit
def cap_slope(y, CAP: tl.constexpr):  # type: ignore[no-untyped-def]
    """The cap's derivative where it came to y: 1 - tanh² = 1 - (y / CAP)²."""
    return 1.0 - (y / CAP) * (y / CAP)
