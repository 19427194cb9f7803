"""Translates: continues prompts until a stop token, streamed or batched, ended early on request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from peft import PeftModel
from torch import Tensor
from transformers import GenerationConfig, PreTrainedModel, StoppingCriteria, StoppingCriteriaList
from transformers.generation.streamers import BaseStreamer

from engine.profile.schema import Generation


class _Asked(StoppingCriteria):  # type: ignore[misc]  # transformers is untyped for us
    """Ends generation when `asked()` turns true; looked at after every token."""

    def __init__(self, asked: Callable[[], bool]) -> None:
        self._asked = asked

    def __call__(self, input_ids: Tensor, scores: Tensor, **kwargs: Any) -> Tensor:
        return torch.full((input_ids.shape[0],), self._asked(), device=input_ids.device)


class _Stream(BaseStreamer):  # type: ignore[misc]
    """Hands each new token on; the first thing it is given is the prompt."""

    def __init__(self, on_token: Callable[[int], None]) -> None:
        self._on_token = on_token
        self._prompt = True

    def put(self, value: Tensor) -> None:
        if not self._prompt:
            self._on_token(int(value.reshape(-1)[-1]))
        self._prompt = False

    def end(self) -> None:
        """Nothing is held back."""


def generate(
    model: PreTrainedModel | PeftModel,
    prompts: Sequence[Sequence[int]],
    stop_ids: frozenset[int],
    settings: Generation,
    pad_id: int,
    *,
    stop_requested: Callable[[], bool] = lambda: False,
    on_token: Callable[[int], None] | None = None,
) -> list[list[int]]:
    """The continuation of each prompt, without the stop token.

    Prompts of different lengths are padded on the left. `on_token` needs a single prompt.
    """
    device = next(model.parameters()).device
    width = max(len(prompt) for prompt in prompts)
    ids = torch.full((len(prompts), width), pad_id, device=device)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = torch.tensor(prompt, device=device)
        mask[row, width - len(prompt) :] = 1
    with torch.inference_mode():
        output = model.generate(
            input_ids=ids,
            attention_mask=mask,
            generation_config=_config(settings, stop_ids, pad_id),
            stopping_criteria=StoppingCriteriaList([_Asked(stop_requested)]),
            streamer=_Stream(on_token) if on_token else None,
        )
    return [_until_stop(row[width:].tolist(), stop_ids) for row in output]


def _config(settings: Generation, stop_ids: frozenset[int], pad_id: int) -> GenerationConfig:
    sampling: dict[str, Any] = {"do_sample": False}
    if settings.temperature > 0:
        sampling = {
            "do_sample": True,
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "top_k": settings.top_k,
        }
    return GenerationConfig(
        max_new_tokens=settings.max_new_tokens,
        eos_token_id=sorted(stop_ids),
        pad_token_id=pad_id,
        **sampling,
    )


def _until_stop(ids: list[int], stop_ids: frozenset[int]) -> list[int]:
    end = next((at for at, token in enumerate(ids) if token in stop_ids), len(ids))
    return ids[:end]
