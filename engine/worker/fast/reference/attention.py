"""Attention within packed rows, by torch: the reference for our kernel, and where it cannot run."""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor

from engine.worker.fast.parts.architecture import Shape
from engine.worker.fast.parts.layout import Spans


class Attention(Protocol):
    """Attends in R rows of T tokens, as their spans say."""

    name: str
    """For the definition of a number."""

    def __call__(self, q: Tensor, k: Tensor, v: Tensor, spans: Spans) -> Tensor:
        """q: [R·T, heads, D]; k, v: [R·T, kv_heads, D] -> [R·T, heads·D]."""


class MaskedAttention:
    """With all scores of a row in memory; differentiated by torch."""

    name = "scores of whole rows"

    def __init__(self, shape: Shape) -> None:
        self._shape = shape

    def __call__(self, q: Tensor, k: Tensor, v: Tensor, spans: Spans) -> Tensor:
        shape, (rows, width) = self._shape, spans.start.shape
        repeats = shape.heads // shape.kv_heads
        q = q.view(rows, width, shape.kv_heads, repeats, shape.head_dim)
        k = k.view(rows, width, shape.kv_heads, shape.head_dim)
        v = v.view(rows, width, shape.kv_heads, shape.head_dim)
        scores = torch.einsum("rqgnd,rkgd->rgnqk", q, k) * shape.attention_scale
        if shape.attention_cap:
            scores = shape.attention_cap * torch.tanh(scores / shape.attention_cap)
        scores = scores.masked_fill(~spans.allowed()[:, None, None], torch.finfo(q.dtype).min)
        weights = torch.softmax(scores, dim=-1, dtype=torch.float32).to(q.dtype)
        attended = torch.einsum("rgnqk,rkgd->rqgnd", weights, v)
        return attended.reshape(rows * width, shape.heads * shape.head_dim)


class FlexAttention:
    """By torch's flex_attention: for GPUs and head sizes that our kernel does not know."""

    name = "flex_attention"

    def __init__(self, shape: Shape, *, compiled: bool = True) -> None:
        from torch.nn.attention import flex_attention as flex

        self._shape = shape
        self._make_mask = flex.create_block_mask
        cap, scale = shape.attention_cap, shape.attention_scale

        def cap_score(score: Tensor, row: Tensor, head: Tensor, q: Tensor, k: Tensor) -> Tensor:
            assert cap is not None
            return cap * torch.tanh(score / cap)

        def attend(q: Tensor, k: Tensor, v: Tensor, mask: Any) -> Tensor:
            return flex.flex_attention(
                q,
                k,
                v,
                score_mod=cap_score if cap else None,
                block_mask=mask,
                scale=scale,
                enable_gqa=True,
            )

        self._attend = torch.compile(attend) if compiled else attend
        self._mask: tuple[Spans, object] | None = None

    def __call__(self, q: Tensor, k: Tensor, v: Tensor, spans: Spans) -> Tensor:
        shape, (rows, width) = self._shape, spans.start.shape
        q, k, v = (x.view(rows, width, -1, shape.head_dim).transpose(1, 2) for x in (q, k, v))
        attended = self._attend(q, k, v, self._block_mask(spans)).to(q.dtype)
        return attended.transpose(1, 2).reshape(rows * width, shape.heads * shape.head_dim)

    def _block_mask(self, spans: Spans) -> object:
        """Made once for the layers of a pass."""
        if self._mask is None or self._mask[0] is not spans:
            start, shared = spans.start, spans.shared
            rows, width = start.shape

            def sees(row: Tensor, head: Tensor, q: Tensor, k: Tensor) -> Tensor:
                return (k <= q) & ((k >= start[row, q]) | (k < shared))

            mask = self._make_mask(sees, rows, None, width, width, device=start.device)
            self._mask = (spans, mask)
        return self._mask[1]
