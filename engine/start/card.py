"""Puts into words what is known about a run before it starts: one card, for screen and command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from engine.data.dataset import Dataset
from engine.data.directions import LABELS
from engine.language.plain_text import one_line
from engine.language.said import Joined, Said, Words, listed
from engine.run.plan import TrainingPlan
from engine.start import needs_words
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
    yield from _data(found)
    yield from _data_warnings(found)


def _data(found: Preflight) -> Iterator[CardLine]:
    if examples := found.builder.examples.count:
        how = {
            "random": Said("{count} drawn, of {pairs}; {length} tokens"),
            "nearest": Said("{count} most like each item, of {pairs}; {length} tokens"),
            "ids": Said("{count} named, of {pairs}; {length} tokens"),
        }
        sentence = how[found.profile.few_shot.choose]
        length = len(found.builder.prompt_ids(""))
        pairs = pairs_of(found.data["train"])
        text = sentence.filled(count=examples, pairs=pairs, length=length)
        yield CardLine(Said("Examples"), text)
    if "validation" in found.data:
        sentence = Said("{pairs}; chooses the checkpoint")
        if not found.profile.data.validation:
            sentence = Said("{pairs}, set aside from the training file; chooses the checkpoint")
        text = sentence.filled(pairs=pairs_of(found.data["validation"]))
        yield CardLine(Said("Validation"), text)
    yield CardLine(Said("Test"), _scored(pairs_of(found.data["test"]), found.plan))


def _scored(pairs: Said, plan: TrainingPlan | None) -> Said:
    """The test file and when it is scored."""
    if plan is None:
        return Said("{pairs}; scored once", pairs=pairs)
    if plan.evaluate_every == 1:
        return Said("{pairs}; scored before training, every step and at the end", pairs=pairs)
    return Said(
        "{pairs}; scored before training, every {steps} steps and at the end",
        pairs=pairs,
        steps=plan.evaluate_every,
    )


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
    yield CardLine(Said("Training"), pairs_of(found.data["train"]))
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


def _data_warnings(found: Preflight) -> Iterator[CardLine]:
    plan = found.plan
    for part, dataset in found.data.items():
        if dataset.skipped:
            shown: Words = Joined("; ", dataset.skipped[:3])
            if len(dataset.skipped) > 3:
                shown = Joined("", (shown, Said("; …")))
            yield CardLine(
                Said("Skipped"),
                Said.counted(
                    "{count:,} record of data.{part}: {shown}",
                    "{count:,} records of data.{part}: {shown}",
                    len(dataset.skipped),
                    part=part,
                    shown=shown,
                ),
                "!",
            )
    if plan is not None and plan.cut:
        yield CardLine(
            Said("Cut"),
            Said.counted(
                "{count:,} training pair is too long and will lose the end of the answer: "
                "training.too_long = cut",
                "{count:,} training pairs are too long and will lose the end of the answer: "
                "training.too_long = cut",
                plan.cut,
            ),
            "!",
        )
    if found.unscorable:
        yield CardLine(
            Said("No room"),
            Said.counted(
                "{count:,} test item has a prompt that fills evaluation.max_tokens = "
                "{max_tokens} alone: the run will stop at it",
                "{count:,} test items have prompts that fill evaluation.max_tokens = "
                "{max_tokens} alone: the run will stop at them",
                found.unscorable,
                max_tokens=found.profile.evaluation.max_tokens,
            ),
            "!",
        )
    elif found.cut:
        yield CardLine(
            Said("Cut"),
            Said.counted(
                "{count:,} test item is longer than evaluation.max_tokens = {max_tokens} and "
                "will be cut from the right",
                "{count:,} test items are longer than evaluation.max_tokens = {max_tokens} and "
                "will be cut from the right",
                found.cut,
                max_tokens=found.profile.evaluation.max_tokens,
            ),
            "!",
        )
    if found.beyond:
        yield CardLine(
            Said("Context"),
            Said.counted(
                "{count:,} pair is longer than the {tokens:,} tokens that the model was made for",
                "{count:,} pairs are longer than the {tokens:,} tokens that the model was made for",
                found.beyond,
                tokens=found.context,
            ),
            "!",
        )
    if found.leaks:
        yield CardLine(
            Said("Leak"),
            Said.counted(
                "{count:,} test pair shares a sentence with the training file; the score will "
                "flatter",
                "{count:,} test pairs share a sentence with the training file; the score will "
                "flatter",
                found.leaks,
            ),
            "!",
        )
    if plan is not None and found.profile.evaluation.choose_by == "test":
        yield CardLine(
            Said("Peeking"),
            Said("the checkpoint is chosen on the test file: its score is optimistic"),
            "!",
        )


def pairs_of(dataset: Dataset) -> Said:
    """`512 pairs (256 文→白, 256 白→文)`."""
    counts = dataset.count_directions()
    parts = listed(f"{count:,} {LABELS[direction]}" for direction, count in counts.items())
    return Said.counted(
        "{count:,} pair ({parts})", "{count:,} pairs ({parts})", len(dataset.pairs), parts=parts
    )
