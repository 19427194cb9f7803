"""One optimizer step, from top to bottom: what it does, and when its result is known.

1. The effective batch is laid out in passes, as the way of computing does it best.
2. Each pass answers the loss at each of its label rows; every scored token of the whole batch
   weighs the same, so the losses are summed and divided by the count of all.
3. Each pass leaves its gradient in the adapter's parameters, where they add up.
4. Where memory runs out, the batch is begun anew in passes half as large.
5. The gradient is scaled down to `max_grad_norm` if its norm is above it.
6. The optimizer steps, unless loss or norm is not finite; the learning rate goes on either way.
7. Loss and norm come back later: a GPU is asked for the next step before the host knows them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from engine.language.said import Said
from engine.profile.schema import Training
from engine.prompts.builder import Encoded
from engine.worker.batching.batches import Pass
from engine.worker.batching.passes import PassSize, items_of
from engine.worker.model.computed import Computed
from engine.worker.process import out_of_memory
from engine.worker.process.out_of_memory import DoesNotFit
from engine.worker.process.reporter import Reporter


@dataclass(frozen=True)
class StepResult:
    """What came of one step."""

    loss: float
    """Mean over the scored tokens of the effective batch, in nats."""
    grad_norm: float
    """Before it was clipped."""
    lr: float
    tokens: int
    """Of the effective batch, padding not counted."""
    items: tuple[str, ...]
    """Ids of its pairs."""
    seconds: float
    """The device took, since it was asked for or since it had the result before: no matter when
    the host came to know. What is done between `settle` and the next step does not count."""

    @property
    def is_applied(self) -> bool:
        """Has the step been taken? Not with a loss or a gradient that is not finite."""
        return math.isfinite(self.loss) and math.isfinite(self.grad_norm)


class OptimizerSteps:
    """Takes one step after another.

    Where the optimizer itself looks whether a step may be taken, each result comes when the next
    step has been asked for: a GPU never waits for the host. Else it comes at once.
    """

    def __init__(
        self,
        gradient: Gradient,
        parameters: Sequence[nn.Parameter],
        optimizer: Optimizer,
        scheduler: LRScheduler,
        max_grad_norm: float,
    ) -> None:
        self._gradient = gradient
        self._parameters = parameters
        self._optimizer = optimizer
        self._scheduler = scheduler
        self._limit = max_grad_norm or math.inf
        self._pending: _Asked | None = None
        self._reached: _Moment | None = None
        """When the step before was done; None after `settle`: something else is done between."""

    @property
    def pending(self) -> int:
        """Steps whose result is not known yet: one, or none."""
        return int(self._pending is not None)

    def take(self, batch: Sequence[Encoded]) -> StepResult | None:
        """Ask for a step on an effective batch; returns the result that came meanwhile, if any."""
        began = _Moment(self._parameters[0].is_cuda)
        loss = self._gradient.accumulate(batch)
        norm = nn.utils.clip_grad_norm_(self._parameters, self._limit)
        lr = float(self._scheduler.get_last_lr()[0])
        tokens = sum(len(item.ids) for item in batch)
        items = tuple(item.id for item in batch)
        asked = _Asked(_Answers(loss, norm), lr, tokens, items, began)
        if looks_itself(self._optimizer, loss, norm):
            self._optimizer.step()
            pending, self._pending = self._pending, asked
            known = None if pending is None else self._wait_for(pending)
        else:
            known = self._wait_for(asked)
            if known.is_applied:
                self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self._scheduler.step()
        return known

    def settle(self) -> StepResult | None:
        """Wait for the result that is pending, if one is; the next step begins a new count."""
        pending, self._pending = self._pending, None
        known = None if pending is None else self._wait_for(pending)
        self._reached = None
        return known

    def _wait_for(self, asked: _Asked) -> StepResult:
        loss, norm = asked.answers.wait()
        began, self._reached = self._reached or asked.began, asked.answers.arrived
        seconds = self._reached.since(began)
        return StepResult(loss, norm, asked.lr, asked.tokens, asked.items, seconds)


def looks_itself(optimizer: Optimizer, loss: Tensor, norm: Tensor) -> bool:
    """Have an optimizer skip its next step unless loss and norm are finite; false: it cannot.

    Torch's fused ones can, told as torch.amp.GradScaler tells them. So the step can be asked of the
    GPU before the host knows the loss, and the GPU need not wait for it.
    """
    if not optimizer.defaults.get("fused"):
        return False
    optimizer.found_inf = (~torch.isfinite(loss + norm)).float()  # type: ignore[attr-defined]
    return True


class Gradient:
    """Leaves gradients in a model's parameters; the size of its passes does not show in them."""

    def __init__(
        self,
        computed: Computed,
        parameters: Sequence[nn.Parameter],
        settings: Training,
        pad_id: int,
        accelerator: Accelerator,
        reporter: Reporter,
    ) -> None:
        self.computed = computed
        self._parameters = parameters
        self._row_tokens = settings.row_tokens if settings.packing else 0
        self._pad_id = pad_id
        self._accelerator = accelerator
        self._reporter = reporter
        self._size = PassSize(settings.tokens_per_pass)
        self._at: Pass | None = None
        """The pass in hand."""

    def accumulate(self, batch: Sequence[Encoded]) -> Tensor:
        """The mean loss of an effective batch, whose gradient is left.

        Where memory runs out, the batch is begun anew in smaller passes. Raises DoesNotFit naming
        a pair for which there is no room even alone.
        """
        while True:
            passes = self.computed.passes(batch, self._row_tokens, self._size.tokens, self._pad_id)
            self._at = None
            try:
                return self._accumulate(passes)
            except Exception as error:
                if self._at is None or not out_of_memory.happened(error):
                    raise
                if not self._size.halve(self._at):
                    (place,) = items_of(self._at)
                    item = batch[place]
                    raise DoesNotFit(item.id, len(item.ids), error) from error
            self._begin_anew()  # after the handler, for the exception holds on to what did not fit

    def _begin_anew(self) -> None:
        """Drop half a gradient, and whatever memory can be had back."""
        for parameter in self._parameters:
            parameter.grad = None
        self.computed.save_memory()
        torch.cuda.empty_cache()
        tokens = self._size.tokens
        self._reporter.warn(
            Said(
                "out of memory while training; going on with passes of at most {tokens} "
                "tokens, the effective batch unchanged",
                tokens=tokens,
            ),
            Said("training.tokens_per_pass = {tokens} begins with that", tokens=tokens),
        )

    def _accumulate(self, passes: Sequence[Pass]) -> Tensor:
        # Every scored token of the effective batch weighs the same, whichever pass it is in.
        scored = sum(len(part.targets) for part in passes)
        loss = torch.zeros((), device=self.computed.device)
        for part in passes:
            self._at = part
            part_loss = self.computed.losses(part).sum() / scored
            self._accelerator.backward(part_loss)
            loss += part_loss.detach()
        return loss


class _Moment:
    """When a device reaches this point of its work, which the host need not wait for.

    A GPU is given work faster than it does it, or slower: the host's clock tells neither when a
    step ended nor how long it took.
    """

    def __init__(self, is_cuda: bool) -> None:
        self._by_host = time.monotonic()
        self._event = torch.cuda.Event(enable_timing=True) if is_cuda else None  # type: ignore[no-untyped-call]
        if self._event is not None:
            self._event.record()

    def wait(self) -> None:
        """Until it is there."""
        if self._event is not None:
            self._event.synchronize()

    def since(self, earlier: _Moment) -> float:
        """Seconds; both must be there."""
        if self._event is None or earlier._event is None:
            return self._by_host - earlier._by_host
        return float(earlier._event.elapsed_time(self._event)) / 1000


class _Answers:
    """Numbers on their way from the device; the device need not be idle to give them."""

    def __init__(self, *numbers: Tensor) -> None:
        together = torch.stack([number.detach().float() for number in numbers])
        self._numbers = together.to("cpu", non_blocking=True)
        self.arrived = _Moment(together.is_cuda)

    def wait(self) -> list[float]:
        self.arrived.wait()
        return [float(number) for number in self._numbers]


@dataclass(frozen=True)
class _Asked:
    """A step whose answers are on their way."""

    answers: _Answers
    lr: float
    tokens: int
    items: tuple[str, ...]
    began: _Moment
