"""Optimizers and learning-rate schedules, by the names that profiles use."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import bitsandbytes as bnb
import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from transformers import Adafactor, get_scheduler

from engine.profile import optimizers, seed_loop
from engine.profile.schema import Training


def make_optimizer(settings: Training, parameters: list[torch.nn.Parameter]) -> Optimizer:
    """The optimizer that a profile asks for. Raises UserError for one that there is not."""
    name = optimizers.get(settings.optimizer).name
    return MAKERS[name](parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay)


def _adamw(parameters: list[torch.nn.Parameter], **settings: float) -> Optimizer:
    on_gpu = parameters[0].device.type == "cuda"
    return torch.optim.AdamW(parameters, fused=on_gpu or None, **settings)  # type: ignore[arg-type]


MAKERS: dict[str, Callable[..., Optimizer]] = {
    "adamw": _adamw,
    "adamw_8bit": bnb.optim.AdamW8bit,
    "paged_adamw_8bit": bnb.optim.PagedAdamW8bit,
    "adafactor": partial(Adafactor, scale_parameter=False, relative_step=False),
}
"""By the names of `engine.profile.optimizers`; the 8-bit ones keep their state quantised."""


SCHEDULES = {
    "constant": "constant_with_warmup",
    "linear": "linear",
    "cosine": "cosine",
    "cosine_with_restarts": "cosine_with_restarts",
}
"""What transformers calls those that a profile may name: all of them warm up."""


def make_scheduler(settings: Training, optimizer: Optimizer, steps: int) -> LRScheduler:
    """The course of the learning rate over `steps` optimizer steps."""
    name = SCHEDULES[settings.scheduler]
    count = seed_loop.warmup_steps if settings.seed_bug_compatible else _warmup_steps
    restarts = {"num_cycles": settings.scheduler_cycles}
    return get_scheduler(  # type: ignore[no-any-return]
        name,
        optimizer,
        num_warmup_steps=count(steps, settings.warmup),
        num_training_steps=steps,
        scheduler_specific_kwargs=restarts if name == "cosine_with_restarts" else None,
    )


def _warmup_steps(steps: int, share: float) -> int:
    return round(steps * share)
