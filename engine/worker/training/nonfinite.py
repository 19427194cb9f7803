"""What becomes of a step whose loss or gradient is not finite, and of weights that are not.

Such a step is never applied. By `training.nonfinite` it then ends the run, or its batch is skipped
and counted; where nothing is learnt any more, the run ends in either case.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from engine.language.said import Said, Words
from engine.profile.schema import Training
from engine.run.events import Skipped
from engine.run.words import some_items
from engine.worker.process.failures import RunFailed
from engine.worker.process.reporter import Reporter
from engine.worker.training.progress import Progress
from engine.worker.training.step import StepResult

MOST_IN_A_ROW = 10
"""Steps skipped one after another: one batch is bad, so many are a model that is."""


class NonfiniteError(RunFailed):
    """Training cannot go on with such numbers."""


def skip(result: StepResult, progress: Progress, report: Reporter) -> None:
    """Tell of a step that was not applied."""
    report.emit(
        Skipped(
            step=progress.step,
            loss=result.loss,
            grad_norm=result.grad_norm,
            items=list(result.items),
            count=progress.skipped,
        )
    )


def require_progress(
    result: StepResult, progress: Progress, settings: Training, steps: int, saved: str
) -> None:
    """Raises NonfiniteError if the run should not go on after a step that was not applied.

    `steps` are those planned, `saved` is the newest checkpoint.
    """
    step, in_a_row = progress.step, progress.skipped_in_a_row
    if settings.nonfinite == "stop":
        raise NonfiniteError(
            Said(
                "step {step}: the loss is {loss:g} and the gradient's norm {norm:g}; the step was "
                "not applied, and training has ended ({saved}). Its pairs: {items}",
                step=step,
                loss=result.loss,
                norm=result.grad_norm,
                saved=_last_good(saved),
                items=some_items(result.items),
            ),
            Said(
                "look at these pairs; lower training.learning_rate, or set model.dtype = float32; "
                "training.nonfinite = skip leaves such batches out"
            ),
        )
    if in_a_row >= min(MOST_IN_A_ROW, steps):
        raise NonfiniteError(
            Said.counted(
                "step {step}: {count} step was not finite, and nothing is learnt; training has "
                "ended ({saved})",
                "step {step}: {count} steps in a row were not finite, and nothing is learnt any "
                "more; training has ended ({saved})",
                in_a_row,
                step=step,
                saved=_last_good(saved),
            ),
            Said("lower training.learning_rate, or set model.dtype = float32"),
        )


@torch.no_grad()
def require_finite(parameters: Iterable[nn.Parameter], step: int, saved: str) -> None:
    """Raises NonfiniteError if a weight that is to be saved is nan or infinite."""
    if bool(torch.stack([parameter.isfinite().all() for parameter in parameters]).all()):
        return
    raise NonfiniteError(
        Said(
            "step {step}: the adapter's weights are not finite any more; they were not saved, and "
            "training has ended ({saved})",
            step=step,
            saved=_last_good(saved),
        ),
        Said("lower training.learning_rate, or set model.dtype = float32"),
    )


def _last_good(saved: str) -> Words:
    if not saved:
        return Said("there is no checkpoint yet")
    return Said("the last good checkpoint is {name}", name=saved)
