"""Measures what a training run will need: a few of its steps, and a pass of its scoring."""

from __future__ import annotations

import time

import psutil
import torch

from engine.profile.schema import Profile
from engine.prompts.builder import Encoded
from engine.run.events import Finished, Probed, Stopped
from engine.worker.batching.batches import epoch_order
from engine.worker.model.computed import Computed
from engine.worker.process import memory
from engine.worker.process.reporter import StopRequested
from engine.worker.scoring import evaluate
from engine.worker.scoring.evaluate import Scored
from engine.worker.scoring.session import Session
from engine.worker.training.loop import Trainer


def run(session: Session) -> None:
    """Warm up, then time the largest batch of the first epoch."""
    try:
        trainer = Trainer(session)
        loaded = time.time() - psutil.Process().create_time()
        first, largest = _batches(trainer)
        # The fast engine records a pass when it comes for the second time.
        warm_up = [largest, largest] if trainer.computed.engine == "fast" else [first]
        phases = len(warm_up) + 2
        for number, batch in enumerate(warm_up):
            session.reporter.phase("probing", number, phases)
            trainer.take_step(batch)
            trainer.settle()
            session.reporter.check_stop()
        session.reporter.phase("probing", len(warm_up), phases)
        began = time.monotonic()
        trainer.take_step(largest)
        trainer.settle()
        seconds = time.monotonic() - began
        in_training = memory.peak_bytes(session.device)
        session.reporter.check_stop()
        session.reporter.phase("probing", len(warm_up) + 1, phases)
        pace = _score(trainer)
    except StopRequested:
        session.reporter.emit(Stopped())
        return
    session.reporter.emit(
        Probed(
            seconds_load=loaded,
            seconds_step=seconds,
            tokens_step=sum(len(item.ids) for item in largest),
            memory=in_training,
            memory_scoring=memory.peak_bytes(session.device),
            scored_tokens_per_second=pace,
        )
    )
    session.reporter.emit(Finished(steps=trainer.progress.step))


def _batches(trainer: Trainer) -> tuple[list[Encoded], list[Encoded]]:
    """The first batch, and that with the most tokens: where memory would run out."""
    settings, encoded = trainer.settings, trainer.data.encoded
    order = epoch_order(len(encoded), settings.batch_size, settings.seed, 0)
    batches = [[encoded[i] for i in batch] for batch in order]
    return batches[0], max(batches, key=lambda batch: sum(len(item.ids) for item in batch))


def _score(trainer: Trainer) -> float:
    """Score the items of the largest pass of the test file; tokens a second."""
    part = largest_pass(trainer.computed, trainer.data.test, trainer.profile)
    began = time.monotonic()
    evaluate.score(
        trainer.computed,
        part,
        trainer.profile,
        trainer.report,
        "test file",
        trainer.session.builder.tokenizer.pad_id,
    )
    return sum(len(item.ids) for item in part.encoded) / (time.monotonic() - began)


@torch.no_grad()
def largest_pass(computed: Computed, file: Scored, profile: Profile) -> Scored:
    """The items that scoring a file takes at once at most: of a large file, as many as fit."""
    row_tokens, tokens = profile.training.row_tokens, profile.evaluation.tokens_per_pass
    passes = computed.passes(file.encoded, row_tokens, tokens, pad_id=0)
    largest = max(passes, key=lambda batch: batch.ids.numel())
    return file.only(sorted(set(largest.samples.tolist())))
