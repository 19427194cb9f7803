"""Attention by our kernels: how they cut their work, and their backward pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engine.worker.fast.kernels import attention_passes as passes
from engine.worker.fast.parts.architecture import Shape
from engine.worker.fast.parts.layout import Spans

_SPLITS = 32
"""Programs that share the gradient of a block of shared keys, which every document adds to."""


@dataclass(frozen=True)
class Tile:
    """How a kernel cuts its work."""

    queries: int
    keys: int
    warps: int
    stages: int


@dataclass(frozen=True)
class Tiles:
    """The tiles of the three kernels."""

    forward: Tile
    queries: Tile
    keys: Tile


TILES = {
    64: Tiles(Tile(64, 32, 4, 2), Tile(32, 32, 4, 2), Tile(32, 32, 4, 2)),
    128: Tiles(Tile(64, 32, 4, 2), Tile(64, 32, 4, 2), Tile(32, 64, 4, 3)),
    256: Tiles(Tile(64, 32, 4, 2), Tile(64, 16, 4, 2), Tile(32, 32, 4, 2)),
}
"""By head size D. What a program holds in shared memory is, in 16-bit numbers, `stages` times the
keys and values it streams, 2 · keys · D, beside its queries (and their gradient on the way back),
queries · D each: at D = 256 few tiles stay below the 99 KiB that most GPUs have. Of those that do,
nearly the fastest of some on an H200."""


class KernelAttention:
    """Attends in rows one after another; a pass of the fast engine is a single long row.

    Rows are multiples of layout.BLOCK.
    """

    name = "packed kernel"

    def __init__(self, shape: Shape, tiles: Tiles | None = None) -> None:
        self._shape = shape
        self._tiles = tiles or TILES[shape.head_dim]

    def __call__(self, q: Tensor, k: Tensor, v: Tensor, spans: Spans) -> Tensor:
        shared, (rows, width) = spans.shared, spans.start.shape
        if rows == 1:  # cut from itself, it would cost copies on the way back
            parts = [(q, k, v)]
        else:
            parts = list(zip(q.split(width), k.split(width), v.split(width)))
        attended = [
            _Packed.apply(*part, self._shape, self._tiles, start, end, shared)
            for part, start, end in zip(parts, spans.start, spans.end)
        ]
        return attended[0] if rows == 1 else torch.cat(attended)


class _Packed(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        shape: Shape,
        tiles: Tiles,
        start: Tensor,
        end: Tensor,
        shared: int,
    ) -> Tensor:
        tokens = q.shape[0]
        out = torch.empty(tokens, shape.heads * shape.head_dim, dtype=q.dtype, device=q.device)
        sums = torch.empty(shape.heads, tokens, dtype=torch.float32, device=q.device)
        tile = tiles.forward
        passes.forward[(tokens // tile.queries, shape.heads)](
            q, k, v, out, sums, start, tokens, shared, *_strides(q, k, v), shape.attention_scale,
            **_constants(shape, tile),
        )  # fmt: skip
        ctx.save_for_backward(q, k, v, out, sums, start, end)
        ctx.shape, ctx.tiles, ctx.shared = shape, tiles, shared
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        q, k, v, out, sums, start, end = ctx.saved_tensors
        shape: Shape = ctx.shape
        grad = grad.contiguous()
        tokens = q.shape[0]
        strides = _strides(q, k, v)

        grad_q = torch.empty(q.shape, dtype=q.dtype, device=q.device)
        dots = torch.empty_like(sums)
        tile = ctx.tiles.queries
        passes.grad_queries[(tokens // tile.queries, shape.heads)](
            q, k, v, out, grad, sums, dots, grad_q, start, tokens, ctx.shared, *strides,
            shape.attention_scale, **_constants(shape, tile),
        )  # fmt: skip

        tile, heads = ctx.tiles.keys, shape.kv_heads
        grad_k, grad_v = (torch.empty(x.shape, dtype=x.dtype, device=x.device) for x in (k, v))
        common = (start, end, tokens, ctx.shared, *strides, shape.attention_scale)
        blocks = -(-ctx.shared // tile.keys)
        passes.grad_keys[(tokens // tile.keys - blocks, heads, 1)](
            q, k, v, grad, sums, dots, grad_k, grad_v, *common, blocks,
            SPLITS=1, **_constants(shape, tile),
        )  # fmt: skip
        if blocks:
            size = (blocks * tile.keys, heads, shape.head_dim)
            shared_k, shared_v = torch.zeros(2, *size, dtype=torch.float32, device=q.device)
            passes.grad_keys[(blocks, heads, _SPLITS)](
                q, k, v, grad, sums, dots, shared_k, shared_v, *common, 0,
                SPLITS=_SPLITS, **_constants(shape, tile),
            )  # fmt: skip
            grad_k[: size[0]], grad_v[: size[0]] = shared_k, shared_v
        return grad_q, grad_k, grad_v, *(5 * [None])


def _strides(*tensors: Tensor) -> list[int]:
    assert all(x.stride(2) == 1 and x.stride(1) == x.shape[2] for x in tensors)
    return [x.stride(0) for x in tensors]


def _constants(shape: Shape, tile: Tile) -> dict[str, Any]:
    return {
        "HEADS": shape.heads,
        "REPEATS": shape.heads // shape.kv_heads,
        "CAP": shape.attention_cap or 0.0,
        "D": shape.head_dim,
        "BM": tile.queries,
        "BN": tile.keys,
        "num_warps": tile.warps,
        "num_stages": tile.stages,
    }
