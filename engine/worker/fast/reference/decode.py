"""A translation's next token, by torch: what kernels.decode is held to, and for many rows."""

from __future__ import annotations

import torch
from torch import Tensor


def multiply_dense(x: Tensor, weight: Tensor) -> Tensor:
    """x: [B, K], weight: [N, K] -> [B, N]."""
    return x @ weight.t()


def attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    keys: Tensor,
    values: Tensor,
    positions: Tensor,
    window: int | None,
    scale: float,
    cap: float | None,
) -> Tensor:
    """Put keys and values [B, kv_heads, D] in the cache, and attend: [B, heads·D]."""
    rows = torch.arange(len(q), device=q.device)
    keys[rows, :, positions] = k
    values[rows, :, positions] = v
    queries = q.view(len(q), keys.shape[1], -1, q.shape[-1])
    scores = (queries @ keys.transpose(-1, -2)) * scale
    if cap:
        scores = cap * torch.tanh(scores / cap)
    places = torch.arange(keys.shape[2], device=q.device)
    hidden = places > positions[:, None]
    if window is not None:
        hidden = hidden | (places <= positions[:, None] - window)
    scores = scores.masked_fill(hidden[:, None, None], float("-inf"))
    weights = torch.softmax(scores, dim=-1, dtype=torch.float32).to(q.dtype)
    return (weights @ values).reshape(len(q), -1)
