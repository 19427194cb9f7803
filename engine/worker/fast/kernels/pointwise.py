"""What happens between the products, by our kernels, with its derivatives."""

from __future__ import annotations

from typing import Any

import torch
import triton
from torch import Tensor

from engine.worker.fast.kernels import gate, norms, rotation
from engine.worker.fast.kernels.early_start import early_start
from engine.worker.fast.parts.architecture import Shape

_GATED = 1024
"""Numbers of a token that one program gates."""
_MANY = 64
"""Tokens; of fewer, as in translating, each has programs of its own, so that a GPU is busy."""


class KernelPointwise:
    """Answers like pointwise.Pointwise."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape

    def norm(self, x: Tensor, weight: Tensor) -> Tensor:
        """Without a gradient: the embeddings need none."""
        out = torch.empty_like(x)
        norms.norm[(len(x),)](x, weight, out, **_norming(self._shape), **early_start(len(x)))
        return out

    def join(
        self, stream: Tensor, output: Tensor, own: Tensor | None, following: Tensor
    ) -> tuple[Tensor, Tensor]:
        return _Join.apply(stream, output, own, following, self._shape)

    def gate(self, gate_up: Tensor) -> Tensor:
        return _Gate.apply(gate_up, self._shape.family.activation == "gelu")

    def rotate(
        self,
        qkv: Tensor,
        cos: Tensor,
        sin: Tensor,
        norm_queries: Tensor | None,
        norm_keys: Tensor | None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        return _Rotate.apply(qkv, cos, sin, norm_queries, norm_keys, self._shape)


def _norming(shape: Shape) -> dict[str, Any]:
    return {
        "eps": shape.eps,
        "H": shape.hidden,
        "ADDS_ONE": shape.family.norm_adds_one,
        "BLOCK": triton.next_power_of_2(shape.hidden),
        "num_warps": 8,
    }


class _Join(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        stream: Tensor,
        output: Tensor,
        own: Tensor | None,
        following: Tensor,
        shape: Shape,
    ) -> tuple[Tensor, Tensor]:
        joined, normed = torch.empty_like(stream), torch.empty_like(stream)
        norms.join[(len(stream),)](
            stream, output, following if own is None else own, following, joined, normed,
            OWN=own is not None, **_norming(shape), **early_start(len(stream)),
        )  # fmt: skip
        ctx.save_for_backward(output, joined, own, following)
        ctx.shape = shape
        return joined, normed

    @staticmethod
    def backward(ctx: Any, grad_joined: Tensor, grad_normed: Tensor) -> tuple[Any, ...]:
        output, joined, own, following = ctx.saved_tensors
        grad_stream = torch.empty_like(joined)
        grad_output = grad_stream if own is None else torch.empty_like(joined)
        norms.join_backward[(len(joined),)](
            output, joined, following if own is None else own, following,
            grad_joined.contiguous(), grad_normed.contiguous(), grad_stream, grad_output,
            OWN=own is not None, **_norming(ctx.shape),
        )  # fmt: skip
        return grad_stream, grad_output, None, None, None


class _Gate(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, gate_up: Tensor, gelu: bool) -> Tensor:
        tokens, width = gate_up.shape[0], gate_up.shape[1] // 2
        out = torch.empty(tokens, width, dtype=gate_up.dtype, device=gate_up.device)
        gate.gate[(tokens, triton.cdiv(width, _GATED))](
            gate_up, out, width, GELU=gelu, BLOCK=_GATED, **early_start(tokens)
        )
        ctx.save_for_backward(gate_up)
        ctx.gelu = gelu
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (gate_up,) = ctx.saved_tensors
        tokens, width = grad.shape
        out = torch.empty_like(gate_up)
        gate.gate_backward[(tokens, triton.cdiv(width, _GATED))](
            gate_up, grad.contiguous(), out, width, GELU=ctx.gelu, BLOCK=_GATED
        )
        return out, None


class _Rotate(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        qkv: Tensor,
        cos: Tensor,
        sin: Tensor,
        norm_queries: Tensor | None,
        norm_keys: Tensor | None,
        shape: Shape,
    ) -> tuple[Tensor, Tensor, Tensor]:
        tokens = len(qkv)
        heads = (shape.heads, shape.kv_heads, shape.kv_heads)
        # The values are a part of qkv as they are; a copy lets go of the rest.
        q, k, v = (
            torch.empty(tokens, count, shape.head_dim, dtype=qkv.dtype, device=qkv.device)
            for count in heads
        )
        weights = (qkv, qkv) if norm_queries is None else (norm_queries, norm_keys)
        cut = _heads(shape, tokens)
        rotation.rotate[(triton.cdiv(tokens, cut["BT"]), sum(heads))](
            qkv, cos, sin, *weights, q, k, v, tokens, shape.eps, **cut, **early_start(tokens)
        )
        ctx.save_for_backward(
            cos, sin, norm_queries, norm_keys, None if norm_queries is None else qkv
        )
        ctx.shape = shape
        return q, k, v

    @staticmethod
    def backward(ctx: Any, grad_q: Tensor, grad_k: Tensor, grad_v: Tensor) -> tuple[Any, ...]:
        cos, sin, norm_queries, norm_keys, qkv = ctx.saved_tensors
        shape: Shape = ctx.shape
        tokens = len(grad_q)
        out = torch.empty(tokens, sum(shape.widths), dtype=grad_q.dtype, device=grad_q.device)
        weights = (out, out) if norm_queries is None else (norm_queries, norm_keys)
        cut = _heads(shape, tokens)
        rotation.rotate_backward[
            (triton.cdiv(tokens, cut["BT"]), shape.heads + 2 * shape.kv_heads)
        ](
            out if qkv is None else qkv, cos, sin, *weights,
            grad_q.contiguous(), grad_k.contiguous(), grad_v.contiguous(), out, tokens, shape.eps,
            **cut,
        )  # fmt: skip
        return out, None, None, None, None, None


def _heads(shape: Shape, tokens: int) -> dict[str, Any]:
    return {
        "HEADS": shape.heads,
        "KV_HEADS": shape.kv_heads,
        "D": shape.head_dim,
        "HALF": shape.head_dim // 2,
        "NORMED": shape.family.norms_heads,
        "BT": 16 if tokens >= _MANY else 1,
        "num_warps": 4 if tokens >= _MANY else 1,
    }
