"""The prompt builder of a profile or a run, with the examples that its strategy shows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.data import dataset
from engine.data.dataset import Dataset, Pair
from engine.language.errors import UserError
from engine.models import hub, tokenizer
from engine.profile import files as profile_files
from engine.profile import locations
from engine.profile.schema import Profile
from engine.prompts import few_shot, strategies
from engine.prompts.builder import PromptBuilder
from engine.prompts.few_shot import Examples
from engine.run.files import RunFiles
from engine.run.settings import Part, RunSettings


def require_model(profile: Profile) -> None:
    """Say at once that a model is not here: it takes longest to get. Raises UserError."""
    model = profile.model
    if not Path(model.path).is_dir():
        hub.require(model.path, model.revision, profile.name if _is_as_listed(profile) else "")
    tokenizer.load(model.path, model.revision)


def _is_as_listed(profile: Profile) -> bool:
    """Does pulling the profile by its name get this model?"""
    try:
        return profile_files.load(profile.name).model == profile.model
    except UserError:
        return False


def draw(profile: Profile, strategy: strategies.Strategy, data: dict[Part, Dataset]) -> list[Pair]:
    """The pairs that a strategy's examples are taken from, none where it shows none."""
    if not strategy.shows_examples:
        return []
    require_place_for_examples(profile)
    return few_shot.pool(profile.few_shot, data["train"].pairs, data["test"].pairs)


def draw_outside_a_run(profile: Profile, strategy: strategies.Strategy) -> list[Pair]:
    """What `draw` finds in the profile's own files, which are read for it.

    Raises DataError or UserError.
    """
    if not strategy.shows_examples:
        return []
    require_place_for_examples(profile)
    if not profile.data.train:
        raise UserError(
            "data.train: no file is named; {strategy} draws its examples from it",
            strategy=strategy.word,
        )
    skip_bad = profile.data.bad_records == "skip"
    train = dataset.read(locations.data_file(profile, "train"), skip_bad=skip_bad).pairs
    scored = locations.data_file(profile, "test")
    test = dataset.read(scored, skip_bad=skip_bad).pairs if scored else []
    return few_shot.pool(profile.few_shot, train, test)


def require_place_for_examples(profile: Profile) -> None:
    """A template without one matters where examples are asked for, and nowhere else.

    Raises UserError.
    """
    prompt = profile.prompt
    key = "few_shot_template" if prompt.few_shot_template else "template"
    if "{examples}" not in (prompt.few_shot_template or prompt.template):
        raise UserError(
            "prompt.{key} of profile {name} has no {{examples}} part, where {strategies} puts "
            "its examples; add it there, or in prompt.few_shot_template",
            key=key,
            name=profile.name,
            strategies=strategies.either(strategies.showing_examples()),
        )


def builder_for(profile: Profile, examples: Sequence[Pair] = ()) -> PromptBuilder:
    """The prompt builder of a profile with its own tokenizer; `examples` are what `draw` found."""
    require_model(profile)
    own = tokenizer.load(profile.model.path, profile.model.revision)
    return PromptBuilder(profile.prompt, own, Examples(profile.few_shot, examples))


def builder_of(settings: RunSettings, files: RunFiles | None = None) -> PromptBuilder:
    """The prompt builder of a run. Raises DataError if a file that it needs is not what it was.

    Examples are stored with the run, but for those that are looked up for each item: they come
    from its training file.
    """
    examples: Sequence[Pair] = settings.examples
    strategy = strategies.get(settings.strategy)
    if strategy.shows_examples and settings.profile.few_shot.choose == "nearest":
        files = files or RunFiles(settings)
        data: dict[Part, Dataset] = {"train": files.read("train"), "test": files.read("test")}
        examples = draw(settings.profile, strategy, data)
    return builder_for(settings.profile, examples)
