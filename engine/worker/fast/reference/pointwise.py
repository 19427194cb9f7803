"""What happens between the matrix products, number by number: norms, gate, rotary embedding."""

from __future__ import annotations

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.worker.fast.parts.architecture import Shape


class Pointwise(Protocol):
    """The functions of one decoder's shape."""

    def norm(self, x: Tensor, weight: Tensor) -> Tensor:
        """Root-mean-square norm over the last dimension, rounded as the family's model does."""

    def join(
        self, stream: Tensor, output: Tensor, own: Tensor | None, following: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Add a block's output to the residual stream; the stream, and it normed for what follows.

        `own` norms the output first, in families that do so.
        """

    def gate(self, gate_up: Tensor) -> Tensor:
        """activation(gate) · up, of [T, 2·I]."""

    def rotate(
        self,
        qkv: Tensor,
        cos: Tensor,
        sin: Tensor,
        norm_queries: Tensor | None,
        norm_keys: Tensor | None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Queries and keys with their positions turned in, and values: each [T, heads, D]."""


class TorchPointwise:
    """By torch, on any device."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape

    def norm(self, x: Tensor, weight: Tensor) -> Tensor:
        wide = x.float()
        wide = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self._shape.eps)
        if self._shape.family.norm_adds_one:
            return (wide * (1.0 + weight.float())).to(x.dtype)
        return weight * wide.to(x.dtype)

    def join(
        self, stream: Tensor, output: Tensor, own: Tensor | None, following: Tensor
    ) -> tuple[Tensor, Tensor]:
        stream = stream + (output if own is None else self.norm(output, own))
        return stream, self.norm(stream, following)

    def gate(self, gate_up: Tensor) -> Tensor:
        gate, up = gate_up.chunk(2, -1)
        if self._shape.family.activation == "gelu":
            return F.gelu(gate, approximate="tanh") * up
        return F.silu(gate) * up

    def rotate(
        self,
        qkv: Tensor,
        cos: Tensor,
        sin: Tensor,
        norm_queries: Tensor | None,
        norm_keys: Tensor | None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        shape = self._shape
        q, k, v = (
            part.reshape(part.shape[0], -1, shape.head_dim) for part in qkv.split(shape.widths, 1)
        )
        if norm_queries is not None and norm_keys is not None:
            q, k = self.norm(q, norm_queries), self.norm(k, norm_keys)
        return _turn(q, cos, sin), _turn(k, cos, sin), v


def rotary_angles(
    positions: Tensor, frequencies: Tensor, scale: float, dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    """Cosine and sine of each position's angles: [T, D] each."""
    angles = positions.float()[:, None] * frequencies
    angles = torch.cat((angles, angles), dim=-1)
    return (angles.cos() * scale).to(dtype), (angles.sin() * scale).to(dtype)


def _turn(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    return x * cos[:, None] + torch.cat((-second, first), dim=-1) * sin[:, None]
