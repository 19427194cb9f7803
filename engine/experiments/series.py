"""A series of runs as it is to be made: a report's questions as stages, and what others report.

Q1: QLoRA, with the learning curve. Q2: the untrained strategies, compared with it. Q3: QLoRA on a
second model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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
from engine.prompts.strategies import QLORA, Strategy
from engine.run import plan
from engine.run.settings import Job
from engine.start.request import Request, read_data


@dataclass(frozen=True)
class Reported:
    """What is reported of one model: perplexity by strategy, and along QLoRA's training."""

    by_strategy: dict[str, float]
    curve: dict[int, float] = field(default_factory=dict)
    """By micro-step, a forward and backward pass of four pairs; the last is the end."""


@dataclass(frozen=True)
class Series:
    """A report's questions: on which models, and what is known of them."""

    name: str
    """Of its folder, and as the command line names it."""
    profiles: tuple[str, ...]
    """Of the first model, then of the others."""
    by_model: Mapping[str, Reported]
    """By hub id; others have no reported values."""
    source: Said
    """Whose the reported values are: the head of their column."""
    notes: tuple[Said, ...] = ()
    """Why a measured value is not the same measurement as the reported one."""

    def reported(self, profile: Profile) -> Reported:
        """What is reported of a profile's model, by hub id or in a folder named like it.

        Nothing of one that is not known.
        """
        name = Path(profile.model.path).name
        known = (said for model, said in self.by_model.items() if Path(model).name == name)
        return next(known, Reported({}))


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
    reported: Reported


def stages(series: Series, request: Request, models: Sequence[str] = ()) -> list[Stage]:
    """Its runs, everything checked that can be before the first run starts. Raises UserError.

    Of `request`, the folder of runs and the overrides count; `models` names other profiles.
    """
    found = []
    for number, name in enumerate(models or series.profiles):
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
            found.append(_stage(series, "Q1", _TRAINED, QLORA, name, request))
            for strategy in strategies.untrained():
                found.append(_stage(series, "Q2", strategy.word, strategy, name, request))
        else:
            found.append(_stage(series, "Q3", _TRAINED_TOO, QLORA, name, request))
    return found


def title_in_words(title: str, profile: str) -> Words:
    """A stage's title in the language of the interface; as it stands if it is not known here."""
    kind = title.removesuffix(f", {profile}")
    if kind not in (_TRAINED, _TRAINED_TOO, *(one.word for one in strategies.untrained())):
        return title
    return Said("{stage}, {profile}", stage=Said(kind), profile=profile)


def _stage(
    series: Series, question: str, title: str, strategy: Strategy, name: str, request: Request
) -> Stage:
    profile = files.load(name, request.overrides)
    overrides = dict(request.overrides)
    job: Job = "train" if strategy.trains else "evaluate"
    data = read_data(profile, job, needs_train=strategy.shows_examples)
    said = series.reported(profile)
    points = len(said.curve)
    if job == "train" and points and not profile.training.evaluate_every:
        # So that a point of ours stands where each reported one does.
        steps = plan.count_steps(profile.training, len(data["train"].pairs))
        overrides["training.evaluate_every"] = str(math.ceil(steps / points))
        profile = files.load(name, overrides)
    settings = _settings(profile, strategy)
    settings |= {f"sha256 of {part}": dataset.sha256 for part, dataset in data.items()}
    asked = Request(request.root, strategy.name, profile=name, overrides=overrides)
    return Stage(question, f"{title}, {profile.name}", asked, profile, settings, said)


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
