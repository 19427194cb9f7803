"""The gradient of an effective batch, in as many passes as memory asks for."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from engine.language import _
from engine.profiles import Training
from engine.prompts import Encoded
from engine.worker.batches import Pass
from engine.worker.passes import PassSize
from engine.worker.paths import Losses
from engine.worker.reporter import Reporter


class Gradient:
    """Leaves gradients in a model's parameters; the size of its passes does not show in them."""

    def __init__(
        self,
        losses: Losses,
        parameters: Sequence[nn.Parameter],
        settings: Training,
        pad_id: int,
        accelerator: Accelerator,
        reporter: Reporter,
    ) -> None:
        self.losses = losses
        self._parameters = parameters
        self._row_tokens = settings.row_tokens if settings.packing else 0
        self._pad_id = pad_id
        self._accelerator = accelerator
        self._reporter = reporter
        self._size = PassSize(settings.tokens_per_pass)

    def accumulate(self, batch: Sequence[Encoded]) -> Tensor:
        """The mean loss of an effective batch, whose gradient is left.

        Where memory runs out, the batch is begun anew in smaller passes.
        """
        while True:
            passes = self.losses.passes(batch, self._row_tokens, self._size.tokens, self._pad_id)
            try:
                return self._accumulate(passes)
            except torch.OutOfMemoryError:
                if not self._size.halve(passes):
                    raise
            # After the handler, for the exception holds on to what did not fit.
            for parameter in self._parameters:
                parameter.grad = None
            self.losses.save_memory()
            torch.cuda.empty_cache()
            self._reporter.warn(
                _(
                    "out of memory while training; going on with passes of at most {tokens} "
                    "tokens, the effective batch unchanged"
                ).format(tokens=self._size.tokens),
                _("training.tokens_per_pass = {tokens} begins with that").format(
                    tokens=self._size.tokens
                ),
            )

    def _accumulate(self, passes: Sequence[Pass]) -> Tensor:
        # Every scored token of the effective batch weighs the same, whichever pass it is in.
        scored = sum(len(part.targets) for part in passes)
        loss = torch.zeros((), device=self.losses.device)
        for part in passes:
            part_loss = self.losses(part).sum() / scored
            self._accelerator.backward(part_loss)
            loss += part_loss.detach()
        return loss
