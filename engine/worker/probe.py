"""Measures what a training run will need: two of its optimizer steps, and a pass of its scoring."""

from __future__ import annotations

import time

import psutil

from engine.events import Finished, Probed, Stopped
from engine.prompts import Encoded
from engine.worker import evaluate, memory
from engine.worker.batches import epoch_order
from engine.worker.reporter import StopRequested
from engine.worker.session import Session
from engine.worker.train import Trainer


def run(session: Session) -> None:
    """The first step warms up; the second takes the largest batch of the first epoch."""
    try:
        trainer = Trainer(session)
        loaded = time.time() - psutil.Process().create_time()
        first, largest = _batches(trainer)
        session.reporter.phase("probing", 0, 3)
        trainer.take_step(first)
        session.reporter.check_stop()
        session.reporter.phase("probing", 1, 3)
        began = time.monotonic()
        trainer.take_step(largest)
        seconds = time.monotonic() - began
        in_training = memory.peak_bytes(session.device)
        session.reporter.check_stop()
        session.reporter.phase("probing", 2, 3)
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
    session.reporter.emit(Finished(steps=2))


def _batches(trainer: Trainer) -> tuple[list[Encoded], list[Encoded]]:
    """The first batch, and that with the most tokens: where memory would run out."""
    settings, encoded = trainer.settings, trainer.data.encoded
    order = epoch_order(len(encoded), settings.batch_size, settings.seed, 0)
    batches = [[encoded[i] for i in batch] for batch in order]
    return batches[0], max(batches, key=lambda batch: sum(len(item.ids) for item in batch))


def _score(trainer: Trainer) -> float:
    """Score the longest items of the test file, one full pass; tokens a second."""
    file, profile = trainer.data.test, trainer.profile
    order = sorted(range(len(file.pairs)), key=lambda i: -len(file.encoded[i].ids))
    width = len(file.encoded[order[0]].ids)
    chosen = order[: max(1, profile.evaluation.tokens_per_pass // width)]
    part = file.only(chosen)
    began = time.monotonic()
    evaluate.score(
        trainer.losses, part, profile, trainer.report, "test file",
        trainer.session.builder.tokenizer.pad_id,
    )  # fmt: skip
    return sum(len(item.ids) for item in part.encoded) / (time.monotonic() - began)
