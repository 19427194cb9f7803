"""Chooses the next token from logits: the most probable one, or drawn as a profile asks for."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.profile.schema import Generation


def choose(logits: Tensor, settings: Generation) -> Tensor:
    """logits: [B, V] -> [B]."""
    if settings.temperature <= 0:
        return logits.argmax(-1)
    return torch.multinomial(distribution(logits, settings), 1)[:, 0]


def distribution(logits: Tensor, settings: Generation) -> Tensor:
    """Probabilities after temperature, then top_k, then top_p, as transformers orders them."""
    logits = logits.float() / settings.temperature
    if 0 < settings.top_k < logits.shape[-1]:
        least = logits.topk(settings.top_k).values[:, -1:]
        logits = logits.masked_fill(logits < least, float("-inf"))
    if settings.top_p < 1:
        ranked, order = logits.sort(descending=True)
        probabilities = ranked.softmax(-1)
        before = probabilities.cumsum(-1) - probabilities
        before[:, 0] = 0.0  # the first one always stays
        dropped = (before >= settings.top_p) & (before > 0)
        logits = logits.masked_fill(dropped.gather(1, order.argsort(-1)), float("-inf"))
    return logits.softmax(-1)
