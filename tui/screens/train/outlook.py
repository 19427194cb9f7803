"""Says what a run will do before it is started. It reads and counts: call it from a thread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine import jobs
from engine.dataset import Dataset
from engine.directions import LABELS
from engine.jobs import Request
from engine.plan import TrainingPlan, plan_training
from engine.profiles import Profile
from engine.runs import Job, Part
from engine.text import message_of
from tui.screens.train.draft import Draft

Line = tuple[str, str]
"""A label and a text."""


@dataclass(frozen=True)
class Outlook:
    """What is known about a draft; `trouble` says why there is not more."""

    profile: Profile | None = None
    lines: list[Line] = field(default_factory=list)
    trouble: str = ""


def look_ahead(draft: Draft, root: Path) -> Outlook:
    """Resolve the profile, read the data, count. Never raises: what is wrong is the answer."""
    profile: Profile | None = None
    try:
        request = draft.request(root)
        profile = jobs.resolve_profile(request)
        return Outlook(profile, list(_lines(draft, request, profile)))
    except Exception as error:  # whatever a broken file makes a library raise belongs on the screen
        return Outlook(profile, trouble=message_of(error))


def _lines(draft: Draft, request: Request, profile: Profile) -> Iterator[Line]:
    trains = draft.strategy.trains
    job: Job = "train" if trains else "evaluate"
    jobs.require_model(profile)
    data = jobs.read_data(profile, job, needs_train=draft.strategy.shows_examples)
    examples = jobs.draw(profile, draft.strategy, data)
    builder = jobs.builder_for(profile, examples)
    every = "once"
    if trains:
        plan = plan_training(profile, builder, data["train"].pairs)
        steps = "step" if plan.evaluate_every == 1 else f"{plan.evaluate_every} steps"
        every = f"before training, every {steps} and at the end"
        yield from _training_lines(profile, plan, data["train"])
    if builder.examples.count:
        length = len(builder.prompt_ids(""))
        how = {"random": "drawn", "nearest": "most like each item", "ids": "named"}
        chosen = how[profile.few_shot.choose]
        yield (
            "Examples",
            f"{builder.examples.count} {chosen}, of {_pairs(data['train'])}; {length} tokens",
        )
    if "validation" in data:
        aside = "" if profile.data.validation else ", set aside from the training file"
        yield "Validation", f"{_pairs(data['validation'])}{aside}; chooses the checkpoint"
    yield "Test", f"{_pairs(data['test'])}; scored {every}"
    for part, dataset in data.items():
        yield from _skipped(part, dataset)


def _training_lines(profile: Profile, plan: TrainingPlan, train: Dataset) -> Iterator[Line]:
    training, quantization = profile.training, profile.quantization
    left_out = f"; {plan.left_out:,} left out as too long" if plan.left_out else ""
    yield "Training", _pairs(train) + left_out
    share = plan.scored / max(1, plan.tokens)
    yield "", f"{plan.tokens:,} tokens an epoch, {share:.0%} of them scored"
    yield (
        "Steps",
        (
            f"{plan.steps:,} of {training.batch_size} pairs: {_epochs(training.epochs)}"
            + (f", at most {training.max_steps:,} steps" if training.max_steps else "")
        ),
    )
    yield (
        "Adapter",
        (
            f"rank {profile.lora.rank} on {quantization.method} weights, learning rate "
            f"{training.learning_rate:g} {training.scheduler}"
        ),
    )


def _epochs(epochs: float) -> str:
    return f"{epochs:g} epoch{'' if epochs == 1 else 's'}"


def _pairs(dataset: Dataset) -> str:
    """`512 pairs (256 文→白, 256 白→文)`."""
    counts = dataset.count_directions()
    parts = ", ".join(f"{count:,} {LABELS[direction]}" for direction, count in counts.items())
    return f"{len(dataset.pairs):,} pairs ({parts})"


def _skipped(part: Part, dataset: Dataset) -> Iterator[Line]:
    if dataset.skipped:
        shown = "; ".join(dataset.skipped[:3])
        more = "; …" if len(dataset.skipped) > 3 else ""
        yield "Skipped", f"{len(dataset.skipped):,} records of data.{part}: {shown}{more}"
