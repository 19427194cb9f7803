"""Puts into words what is known about a run before it starts: one card, for screen and command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from engine.language.plain_text import one_line
from engine.language.said import Said
from engine.run.plan import TrainingPlan
from engine.start import data_words, needs_words
from engine.start.card_line import CardLine
from engine.start.preflight import Preflight


def card(found: Preflight, measured: Sequence[CardLine] = ()) -> list[CardLine]:
    """All lines, those that warn first, then what was measured."""
    lines = [*measured, *_lines(found, is_measured=len(measured) > 1)]
    return [line for line in lines if line.sign] + [line for line in lines if not line.sign]


def _lines(found: Preflight, *, is_measured: bool = False) -> Iterator[CardLine]:
    """What is to be done, what it takes, then how it is done."""
    plan = found.plan
    for remark in found.remarks:
        yield CardLine(Said("Model"), one_line(remark), "!")
    yield from _changed(found)
    if plan is not None:
        yield from _training(found, plan)
    if found.time is not None or not is_measured:
        yield from needs_words.time(found)
    yield from needs_words.memory(found)
    yield from needs_words.device(found)
    yield from needs_words.disk(found)
    if plan is not None:
        yield _adapter(found)
    yield from data_words.scored(found)
    yield from data_words.warnings(found)


def _changed(found: Preflight) -> Iterator[CardLine]:
    for number, change in enumerate(found.changes):
        if change.key not in ("data.train", "data.validation", "data.test"):
            yield CardLine(
                "" if number else Said("Changed"),
                Said(
                    "{key} = {value} (profile: {profile_value})",
                    key=change.key,
                    value=_value(change.value),
                    profile_value=_value(change.profile_value),
                ),
            )


def _value(value: Any) -> str:
    return one_line(msgspec.json.encode(value, enc_hook=str).decode())


def _training(found: Preflight, plan: TrainingPlan) -> Iterator[CardLine]:
    training = found.profile.training
    yield CardLine(Said("Training"), data_words.pairs_of(found.data["train"]))
    share = plan.scored / max(1, plan.tokens)
    yield CardLine(
        "",
        Said(
            "{tokens:,} tokens an epoch, {share:.0%} of them scored",
            tokens=plan.tokens,
            share=share,
        ),
    )
    epochs = Said.counted("{epochs:g} epoch", "{epochs:g} epochs", training.epochs)
    sentence = Said.counted(
        "{steps:,} of {batch_size} pair: {epochs}",
        "{steps:,} of {batch_size} pairs: {epochs}",
        training.batch_size,
    )
    if training.max_steps:
        sentence = Said.counted(
            "{steps:,} of {batch_size} pair: {epochs}, at most {max_steps:,} steps",
            "{steps:,} of {batch_size} pairs: {epochs}, at most {max_steps:,} steps",
            training.batch_size,
        )
    text = sentence.filled(
        steps=plan.steps,
        batch_size=training.batch_size,
        epochs=epochs.filled(epochs=training.epochs),
        max_steps=training.max_steps,
    )
    yield CardLine(Said("Steps"), text)
    if training.batch_size > plan.pairs:
        yield CardLine(
            Said("Batch"),
            Said.counted(
                "training.batch_size = {batch_size:,} is more than the {pairs:,} training pair",
                "training.batch_size = {batch_size:,} is more than the {pairs:,} training pairs: "
                "each step takes them all",
                plan.pairs,
                batch_size=training.batch_size,
                pairs=plan.pairs,
            ),
            "!",
        )
    if plan.left_out:
        yield CardLine(
            Said("Too long"),
            Said.counted(
                "{count:,} training pair will be left out: longer than "
                "training.max_prompt_tokens = {max_prompt_tokens} or training.max_output_tokens"
                " = {max_output_tokens}",
                "{count:,} training pairs will be left out: longer than "
                "training.max_prompt_tokens = {max_prompt_tokens} or training.max_output_tokens"
                " = {max_output_tokens}",
                plan.left_out,
                max_prompt_tokens=training.max_prompt_tokens,
                max_output_tokens=training.max_output_tokens,
            ),
            "!",
        )


def _adapter(found: Preflight) -> CardLine:
    training, quantization = found.profile.training, found.profile.quantization
    return CardLine(
        Said("Adapter"),
        Said(
            "rank {rank} on {method} weights, learning rate {learning_rate:g} {scheduler}",
            rank=found.profile.lora.rank,
            method=quantization.method,
            learning_rate=training.learning_rate,
            scheduler=training.scheduler,
        ),
    )
