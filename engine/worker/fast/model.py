"""A model by the fast engine: what model.plain answers, computed by our own code."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from peft import PeftModel
from torch import Tensor
from transformers import PreTrainedModel

from engine.fast import memory as fast_memory
from engine.fast.memory import LONGEST_PASS
from engine.language.said import Words
from engine.profile.schema import Generation
from engine.prompts.builder import Encoded
from engine.worker.batching.batches import Pass, plan_passes
from engine.worker.fast.decode import Translator
from engine.worker.fast.forward import FastDecoder
from engine.worker.fast.ingredients import Ingredients
from engine.worker.fast.parts.layout import BLOCK, Layout, lay_out
from engine.worker.fast.recorded_passes import LABEL_BLOCK, RecordedPasses
from engine.worker.fast.reference.loss import label_losses
from engine.worker.process import memory


class FastModel:
    """A model computed by the fast engine: differentiable in PEFT's parameters, as by the plain."""

    engine: Words = "fast"

    def __init__(self, model: PreTrainedModel | PeftModel, ingredients: Ingredients) -> None:
        self.model = model
        self.fast = FastDecoder(model, ingredients)
        self.device = self.fast.device
        self.dtype = self.products_in = self.fast.dtype
        self.attention = self.fast.attention.name
        self._block = BLOCK if ingredients.attention != "masked" else 1
        self._recorded: RecordedPasses | None = None
        self.record_anew()
        self._translator: Translator | None = None

    def losses(self, batch: Pass) -> Tensor:
        """Negative log-likelihood in nats of each scored token: [L] float32."""
        windows, seed = self.fast.shape.windows, self._seed()
        if self._recorded is not None and torch.is_grad_enabled():
            filled = lay_out(batch, windows, self._block, LABEL_BLOCK)
            return self._recorded(filled, seed)[: len(batch.targets)]
        layout = lay_out(batch, windows, self._block)
        return self._losses_of(layout.to(self.device), seed)

    def passes(
        self, encoded: Sequence[Encoded], row_tokens: int, tokens_per_pass: int, pad_id: int
    ) -> list[Pass]:
        """Passes of a single long row each; 0 tokens: as many as memory permits."""
        tokens = tokens_per_pass or self._tokens_that_fit()
        window = self.fast.shape.narrowest_window or LONGEST_PASS
        sharing = self.fast.ingredients.shared_prefix
        return plan_passes(
            encoded,
            row_tokens=tokens,
            tokens_per_pass=tokens,
            pad_id=pad_id,
            share_within=window if sharing else 0,
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
        """The continuation of each prompt: generate.generate by a static cache."""
        self._translator = self._translator or Translator(self.fast)
        try:
            return self._translator.generate(
                prompts, stop_ids, settings, stop_requested=stop_requested, on_token=on_token
            )
        except Exception:
            self._translator = None  # with its caches, which were made for so many prompts
            raise

    def save_memory(self) -> None:
        """Free what recorded passes hold, and record no more."""
        self._recorded = None

    def record_anew(self) -> None:
        """Forget what was recorded: the model has other adapters, or another dropout."""
        self._recorded = None
        parameters = [p for p in self.model.parameters() if p.requires_grad]
        if self.fast.ingredients.graphs and parameters:
            self._recorded = RecordedPasses(self._losses_of, parameters, self.fast.adapters)

    def _losses_of(self, layout: Layout, seed: Tensor | None) -> Tensor:
        fast = self.fast
        fast.adapters.refresh()
        states = fast.states(layout, layout.label_rows, seed)
        head, cap = fast.decoder.head, fast.shape.logits_cap
        return label_losses(states, layout.targets, head, cap, fast.cross_entropy)

    def _seed(self) -> Tensor | None:
        """Of the pass's dropout, from torch's own random numbers: a resumed run draws the same."""
        if not self.model.training:
            return None
        return torch.randint(1 << 31, (1,), device=self.device)

    def _tokens_that_fit(self) -> int:
        fit = fast_memory.tokens_that_fit(
            self.fast.shape,
            memory.free_bytes(self.device),
            self.dtype.itemsize,
            training=torch.is_grad_enabled(),
            checkpointing=self.fast.ingredients.checkpointing,
            recorded=self._recorded is not None,
        )
        return max(BLOCK, fit // BLOCK * BLOCK)
