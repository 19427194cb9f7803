"""Puts into words what data a run will use, and what is to be minded about it."""

from __future__ import annotations

from collections.abc import Iterator

from engine.data.dataset import Dataset
from engine.data.directions import LABELS
from engine.language.said import Joined, Said, Words, listed
from engine.run.plan import TrainingPlan
from engine.start.card_line import CardLine
from engine.start.preflight import Preflight


def scored(found: Preflight) -> Iterator[CardLine]:
    """Examples in the prompt, the file that chooses the checkpoint, and the one that is scored."""
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
    yield CardLine(Said("Test"), _when_scored(pairs_of(found.data["test"]), found.plan))


def _when_scored(pairs: Said, plan: TrainingPlan | None) -> Said:
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


def warnings(found: Preflight) -> Iterator[CardLine]:
    """What the numbers may suffer from."""
    yield from _skipped(found)
    yield from _too_long(found)
    yield from _flattering(found)


def _skipped(found: Preflight) -> Iterator[CardLine]:
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


def _too_long(found: Preflight) -> Iterator[CardLine]:
    if found.plan is not None and found.plan.cut:
        yield CardLine(
            Said("Cut"),
            Said.counted(
                "{count:,} training pair is too long and will lose the end of the answer: "
                "training.too_long = cut",
                "{count:,} training pairs are too long and will lose the end of the answer: "
                "training.too_long = cut",
                found.plan.cut,
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


def _flattering(found: Preflight) -> Iterator[CardLine]:
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
    if found.plan is not None and found.profile.evaluation.choose_by == "test":
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
