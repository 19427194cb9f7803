"""The seed homework's report: its questions as stages, and the values that it reports.

Q1: QLoRA, with the learning curve. Q2: zero-shot and few-shot, compared with it. Q3: QLoRA on a
second model. Values: report.pdf of github.com/yoyoisaman/NTU-ADL-2024Fall, ADL_HW3; all are of the
course's public test set.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from engine.language.errors import UserError
from engine.language.said import Said, Words
from engine.language.texts import marked
from engine.models import hub
from engine.profile import files
from engine.profile.schema import Profile
from engine.prompts import strategies
from engine.prompts.strategies import FEW_SHOT, QLORA, ZERO_SHOT, Strategy
from engine.run import plan
from engine.run.settings import Job
from engine.start.request import Request, read_data

MODELS = ("gemma-2-2b-kyara-seed", "llama-3-taiwan-8b-seed")
"""Profiles of the report's two models."""


@dataclass(frozen=True)
class Reported:
    """What the report says of one model: perplexity by strategy, and along QLoRA's training."""

    by_strategy: dict[str, float]
    curve: dict[int, float] = field(default_factory=dict)
    """By micro-step, a forward and backward pass of four pairs; the last is the end."""


REPORTED = {
    "zake7749/gemma-2-2b-it-chinese-kyara-dpo": Reported(
        {QLORA.name: 16.62, ZERO_SHOT.name: 9342.65, FEW_SHOT.name: 3680.27},
        dict(
            zip(
                range(1000, 10001, 1000),
                (20.71, 22.85, 21.49, 18.00, 17.44, 16.79, 16.85, 17.30, 16.75, 16.62),
            )
        ),
    ),
    "yentinglin/Llama-3-Taiwan-8B-Instruct": Reported(
        {QLORA.name: 6.91},
        dict(zip(range(625, 5001, 625), (9.58, 8.87, 10.31, 8.58, 8.34, 7.32, 7.02, 6.91))),
    ),
}
"""By model; others have no reported values."""
NOTES = (
    Said(
        "The report drew its few-shot examples from the public test set itself; these come from "
        "the training file."
    ),
    Said(
        "The report's loop kept the gradients of one micro-batch in eight; these runs keep all, "
        "unless training.seed_bug_compatible is set."
    ),
)
"""Why a measured value is not the same measurement as the reported one."""
_TRAINED = marked("QLoRA, with its learning curve")
_TRAINED_TOO = marked("QLoRA on another model")


@dataclass(frozen=True)
class Stage:
    """One run of the series, as it is to be made."""

    question: str
    title: str
    """As experiment.toml keeps it, in English; see `title_in_words`."""
    request: Request
    profile: Profile
    settings: dict[str, str]
    """All that its result depends on."""


def reported(profile: Profile) -> Reported:
    """What the report says of a profile's model, by hub id or in a folder named like it.

    Nothing of one that it does not know.
    """
    name = Path(profile.model.path).name
    known = (said for model, said in REPORTED.items() if Path(model).name == name)
    return next(known, Reported({}))


def stages(request: Request, models: Sequence[str]) -> list[Stage]:
    """The series, everything checked that can be before the first run starts. Raises UserError.

    Of `request`, the folder of runs and the overrides count.
    """
    found = []
    for number, name in enumerate(models or MODELS):
        profile = files.load(name, request.overrides)
        try:
            hub.require(profile.model.path, profile.model.revision)
        except UserError as error:
            raise UserError(
                "profile {name}: {error}\nOr name the models that are to take part with "
                "--model; `--model tiny` needs no download",
                name=name,
                error=error,
            ) from None
        if number == 0:
            found.append(_stage("Q1", _TRAINED, QLORA, name, request))
            for strategy in strategies.untrained():
                found.append(_stage("Q2", strategy.word, strategy, name, request))
        else:
            found.append(_stage("Q3", _TRAINED_TOO, QLORA, name, request))
    return found


def title_in_words(title: str, profile: str) -> Words:
    """A stage's title in the language of the interface; as it stands if it is not known here."""
    kind = title.removesuffix(f", {profile}")
    if kind not in (_TRAINED, _TRAINED_TOO, *(one.word for one in strategies.untrained())):
        return title
    return Said("{stage}, {profile}", stage=Said(kind), profile=profile)


def _stage(question: str, title: str, strategy: Strategy, name: str, request: Request) -> Stage:
    profile = files.load(name, request.overrides)
    overrides = dict(request.overrides)
    job: Job = "train" if strategy.trains else "evaluate"
    data = read_data(profile, job, needs_train=strategy.shows_examples)
    points = len(reported(profile).curve)
    if job == "train" and points and not profile.training.evaluate_every:
        # So that a point of ours stands where each of the report's does.
        steps = plan.count_steps(profile.training, len(data["train"].pairs))
        overrides["training.evaluate_every"] = str(math.ceil(steps / points))
        profile = files.load(name, overrides)
    settings = _settings(profile, strategy)
    settings |= {f"sha256 of {part}": dataset.sha256 for part, dataset in data.items()}
    asked = Request(request.root, strategy.name, profile=name, overrides=overrides)
    return Stage(question, f"{title}, {profile.name}", asked, profile, settings)


def _settings(profile: Profile, strategy: Strategy) -> dict[str, str]:
    """What a strategy's result depends on, by dotted key; files are told by their content."""
    table = msgspec.to_builtins(profile)
    unused = set() if strategy.shows_examples else {"few_shot"}
    unused |= set() if strategy.trains else {"training", "lora"}
    return {
        f"{section}.{key}": str(value)
        for section, keys in table.items()
        if isinstance(keys, dict) and section not in unused
        for key, value in keys.items()
        if (section, key) not in {("data", "train"), ("data", "validation"), ("data", "test")}
    }
