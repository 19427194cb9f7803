"""Optimizers and learning-rate schedules, by the names that profiles use."""

from __future__ import annotations

import bitsandbytes as bnb
import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from transformers import Adafactor, get_scheduler

from engine.profile import seed_loop
from engine.profile.schema import Training


def make_optimizer(settings: Training, parameters: list[torch.nn.Parameter]) -> Optimizer:
    """The optimizer that a profile asks for; the 8-bit ones keep their state quantised."""
    lr, decay = settings.learning_rate, settings.weight_decay
    if settings.optimizer == "adamw_8bit":
        return bnb.optim.AdamW8bit(parameters, lr=lr, weight_decay=decay)  # type: ignore[no-any-return]
    if settings.optimizer == "paged_adamw_8bit":
        return bnb.optim.PagedAdamW8bit(parameters, lr=lr, weight_decay=decay)  # type: ignore[no-any-return]
    if settings.optimizer == "adafactor":
        return Adafactor(  # type: ignore[no-any-return]
            parameters, lr=lr, weight_decay=decay, scale_parameter=False, relative_step=False
        )
    on_gpu = parameters[0].device.type == "cuda"
    return torch.optim.AdamW(parameters, lr=lr, weight_decay=decay, fused=on_gpu or None)


def make_scheduler(settings: Training, optimizer: Optimizer, steps: int) -> LRScheduler:
    """The course of the learning rate over `steps` optimizer steps."""
    name = "constant_with_warmup" if settings.scheduler == "constant" else settings.scheduler
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
