"""A model by the plain engine: what it answers to one question, the loss at each label row."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import bitsandbytes as bnb
import torch
import torch.nn.functional as F
from peft import PeftModel
from torch import Tensor
from transformers import PreTrainedConfig, PreTrainedModel

from engine.language.said import Words
from engine.models.honoured import setting
from engine.profile.schema import TOKENS_PER_PASS, Generation
from engine.prompts.builder import Encoded
from engine.worker.batching.batches import SHARED, Pass, plan_passes
from engine.worker.fast.decode import Translator
from engine.worker.model.generate import generate


class PlainModel:
    """A model computed by the plain engine: transformers' and peft's own modules.

    Logits are made only where a token is scored: with 256,000 tokens in the vocabulary, those of
    all positions would be the peak of memory.
    """

    engine: Words = "plain"
    translator: Translator | None = None
    """Generates instead of transformers, where it can."""

    def __init__(self, model: PreTrainedModel | PeftModel) -> None:
        self.model = model
        base: Any = model.get_base_model() if isinstance(model, PeftModel) else model
        self._base = base
        self._decoder: Any = base.get_decoder()
        self._head: Any = base.get_output_embeddings()
        self._softcap = setting(base.config, "final_logit_softcapping")
        self.attention = _attention_in_words(base.config)
        self.device: torch.device = base.device
        self.dtype: torch.dtype = base.dtype
        self.products_in = _products_in(base)
        self._short_cut = True
        self._short_cut = self._agrees_with_whole_model()

    def losses(self, batch: Pass) -> Tensor:
        """Negative log-likelihood in nats of each scored token: [L] float32."""
        batch = batch.to(self.device)
        inputs = {
            "input_ids": batch.ids,
            "position_ids": batch.positions,
            "attention_mask": self._masks(batch),
            "use_cache": False,
        }
        if self._short_cut:
            hidden = self._decoder(**inputs).last_hidden_state
            rows = hidden.reshape(-1, hidden.shape[-1])[batch.label_rows]
            logits = self._head(rows).float()
            if self._softcap:
                logits = self._softcap * torch.tanh(logits / self._softcap)
        else:
            logits = self._base(**inputs).logits
            logits = logits.reshape(-1, logits.shape[-1])[batch.label_rows].float()
        return F.cross_entropy(logits, batch.targets, reduction="none")

    def passes(
        self, encoded: Sequence[Encoded], row_tokens: int, tokens_per_pass: int, pad_id: int
    ) -> list[Pass]:
        """Many short rows a pass: attention here costs a row's length squared."""
        return plan_passes(
            encoded,
            row_tokens=min(row_tokens, tokens_per_pass or row_tokens),
            tokens_per_pass=tokens_per_pass or TOKENS_PER_PASS,
            pad_id=pad_id,
            share_within=math.inf,
        )

    def generate(
        self,
        prompts: Sequence[Sequence[int]],
        stop_ids: frozenset[int],
        settings: Generation,
        pad_id: int,
        *,
        stop_requested: Callable[[], bool] = lambda: False,
        on_token: Callable[[int], None] | None = None,
    ) -> list[list[int]]:
        """The continuation of each prompt, without the stop token."""
        how = {"stop_requested": stop_requested, "on_token": on_token}
        if self.translator is not None:
            return self.translator.generate(prompts, stop_ids, settings, **how)  # type: ignore[arg-type]
        return generate(self.model, prompts, stop_ids, settings, pad_id, **how)  # type: ignore[arg-type]

    def save_memory(self) -> None:
        """There is nothing that could be done without."""

    def _masks(self, batch: Pass) -> Tensor | dict[str, Tensor]:
        """Additive masks [R, 1, T, T]: a token sees its own document up to itself.

        Models with several kinds of layers get one for each kind.
        """
        config = self._base.config
        window = setting(config, "sliding_window")
        kinds = setting(config, "layer_types")
        if kinds:
            return {
                kind: self._mask(batch, window if kind == "sliding_attention" else None)
                for kind in set(kinds)
            }
        return self._mask(batch, window)

    def _mask(self, batch: Pass, window: int | None) -> Tensor:
        at = torch.arange(batch.ids.shape[1], device=batch.ids.device)
        seeing, seen = batch.documents[:, :, None], batch.documents[:, None, :]
        allowed = ((seeing == seen) | (seen == SHARED)) & (at[:, None] >= at)
        if window:
            allowed &= batch.positions[:, :, None] - batch.positions[:, None, :] < window
        dtype = self.dtype
        mask = torch.zeros(allowed.shape, dtype=dtype, device=batch.ids.device)
        return mask.masked_fill_(~allowed, torch.finfo(dtype).min)[:, None]

    @torch.no_grad()
    def _agrees_with_whole_model(self) -> bool:
        """Some architectures do more after the last layer than apply a head and a cap."""
        was_training = self.model.training
        self.model.eval()
        ids = torch.arange(5, 13, device=self.device)[None] % self._base.config.vocab_size
        places = torch.arange(ids.shape[1], device=self.device)
        probe = Pass(
            ids, places[None], torch.zeros_like(ids), places[:-1], ids[0, 1:], places[:-1], 8
        )
        short = self.losses(probe)
        logits = self._base(input_ids=ids, use_cache=False).logits[0, :-1].float()
        self.model.train(was_training)
        whole = F.cross_entropy(logits, ids[0, 1:], reduction="none")
        return bool(torch.allclose(short, whole, rtol=2e-2, atol=2e-2))


def _attention_in_words(config: PreTrainedConfig) -> str:
    """The attention that is really computed, e.g. `eager, scores capped at 50`."""
    cap = setting(config, "attn_logit_softcapping")
    return str(config._attn_implementation) + (f", scores capped at {cap:g}" if cap else "")


def _products_in(model: PreTrainedModel) -> torch.dtype:
    """What products with 4-bit weights are computed in, or all others where there are none."""
    layers = (module for module in model.modules() if isinstance(module, bnb.nn.Linear4bit))
    found: torch.dtype = next((layer.compute_dtype or model.dtype for layer in layers), model.dtype)
    return found
