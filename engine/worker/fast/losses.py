"""Answers, by the fast path, the same question as model.LabelLosses: the loss at each label row."""

from __future__ import annotations

import torch
from peft import PeftModel
from torch import Tensor
from transformers import PreTrainedModel

from engine.worker.batches import Pass
from engine.worker.fast.forward import FastDecoder
from engine.worker.fast.ingredients import Ingredients
from engine.worker.fast.layout import BLOCK, lay_out
from engine.worker.fast.loss import label_losses


class FastLabelLosses:
    """Differentiable in PEFT's own parameters, like the plain path."""

    def __init__(self, model: PreTrainedModel | PeftModel, ingredients: Ingredients) -> None:
        self.model = model
        self.fast = FastDecoder(model, ingredients)
        self.device = self.fast.device
        self.dtype = self.fast.dtype
        self._block = BLOCK if ingredients.attention != "masked" else 1

    def __call__(self, batch: Pass) -> Tensor:
        """Negative log-likelihood in nats of each scored token: [L] float32."""
        fast = self.fast
        layout = lay_out(batch.to(self.device), fast.shape.windows, self._block)
        fast.adapters.refresh()
        states = fast.states(layout, self._seed())
        return label_losses(
            states,
            layout.label_rows,
            layout.targets,
            fast.decoder.head,
            fast.shape.logits_cap,
            fast.cross_entropy,
        )

    def _seed(self) -> Tensor | None:
        """Of the pass's dropout, from torch's own random numbers: a resumed run draws the same."""
        if not self.model.training:
            return None
        return torch.randint(1 << 31, (1,), device=self.device)
