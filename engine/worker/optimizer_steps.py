"""Optimizer steps; a GPU is asked for the next one before the host knows what came of the last."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from engine.prompts import Encoded
from engine.worker.gradient import Gradient
from engine.worker.optimizers import looks_itself


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
    seconds: float
    """The device took, since it was asked for or since it had the result before: no matter when
    the host came to know. What is done between `settle` and the next step does not count."""

    @property
    def is_applied(self) -> bool:
        """Has the step been taken? Not with a loss or a gradient that is no number."""
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
        asked = _Asked(_Answers(loss, norm), lr, tokens, began)
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
        return StepResult(loss, norm, asked.lr, asked.tokens, seconds)


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
    began: _Moment
