"""What can translate: a profile's base model, bare or with examples, or what a run has trained."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from engine.language.errors import UserError
from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.models import hub
from engine.profile import files
from engine.profile.schema import Profile
from engine.prompts import strategies
from engine.prompts.builder import PromptBuilder
from engine.prompts.strategies import ZERO_SHOT, Strategy
from engine.run import prompt_builder, runs_folder
from engine.run.folder import Run

NEWEST_RUNS = 200
"""Runs offered in the list; an older one is chosen on the Runs screen."""


@dataclass(frozen=True)
class OpenModel:
    """A choice with everything that translating needs."""

    profile: Profile
    builder: PromptBuilder
    adapter: str = ""
    """Folder in PEFT's format; empty for the base model."""


@dataclass(frozen=True)
class ModelChoice:
    """One of the models that can translate; nothing is read before `open`."""

    profile: str = ""
    """Name of the profile whose base model translates; empty with `run`."""
    strategy: Strategy = ZERO_SHOT
    """How it does; of no account with `run`."""
    run: Run | None = None
    checkpoint: str = ""
    """Of the run; empty for its result."""

    @property
    def key(self) -> str:
        """Names the choice in a list; the checkpoint is chosen apart."""
        if self.run is not None:
            return f"run {self.run.id}"
        return f"{self.strategy.name} {self.profile}"

    @property
    def label(self) -> str:
        """The choice in words."""
        if self.run is not None:
            return " · ".join(filter(None, (self.run.id, self.checkpoint)))
        return f"{self.profile} · {self.strategy.word}"

    def open(self) -> OpenModel:
        """Read profile, tokenizer and examples. Raises UserError."""
        if self.run is not None:
            return _open_run(self.run, self.checkpoint)
        profile = files.load(self.profile)
        return OpenModel(profile, _builder(profile, self.strategy))


def from_key(root: Path, key: str) -> ModelChoice:
    """The choice that a key names."""
    kind, _, name = key.partition(" ")
    if kind == "run":
        return ModelChoice(run=Run(root / name))
    return ModelChoice(name, strategies.get(kind))


def list_all(root: Path) -> list[ModelChoice]:
    """Every base model that is here, bare and with examples, and the newest runs that trained."""
    bases = [
        ModelChoice(path.stem, strategy)
        for path in files.list_all()
        if not _is_to_be_downloaded(path)
        for strategy in strategies.untrained()
    ]
    trained = [run for run in runs_folder.list_all(root) if has_adapter(run)]
    return bases + [ModelChoice(run=run) for run in trained[:NEWEST_RUNS]]


def _is_to_be_downloaded(path: Path) -> bool:
    """Is the model of a profile not here? A broken profile is offered, and says what is wrong."""
    try:
        model = files.load(path).model
    except UserError:
        return False
    return hub.state(model.path, model.revision) == "not downloaded"


def one_of_each(root: Path, profile: str) -> list[ModelChoice]:
    """A profile's base bare, with examples, and under its newest adapter, if there is one."""
    base = base_of(files.load(profile))
    found = [ModelChoice(profile, strategy) for strategy in strategies.untrained()]
    for run in runs_folder.list_all(root)[:NEWEST_RUNS]:
        if has_adapter(run) and base_of(run.settings.profile) == base:
            return [*found, ModelChoice(run=run)]
    return found


def base_of(profile: Profile) -> tuple[object, ...]:
    """What a loaded base model depends on."""
    return profile.model, profile.quantization


def has_adapter(run: Run) -> bool:
    """Has the run trained something that can translate?"""
    return run.adapter_path.is_dir() or bool(run.checkpoints())


def trained_nothing(run: Run) -> str:
    """Why the base model is taken where a run was watched."""
    said = _("{run} has trained nothing yet: the base model is chosen.")
    return said.format(run=one_line(run.id))


def list_checkpoints(run: Run) -> list[tuple[str, str]]:
    """What of a run can translate, its result first, each with a label."""
    names = run.checkpoints()
    best = run.summary().best_checkpoint
    result = ("", _("result") if run.adapter_path.is_dir() else _("newest checkpoint"))
    labels = {best: _("{name}  best").format(name=best)}
    marked = [(name, labels.get(name, name)) for name in reversed(names)]
    return [result, *marked]


def _open_run(run: Run, checkpoint: str) -> OpenModel:
    """A run's model: what it trained, or what it was scored with."""
    settings = run.settings
    trained = settings.job == "train"
    adapter = str(run.adapter_folder(checkpoint)) if trained else settings.adapter
    if adapter and not Path(adapter).is_dir():
        gone = _("run {run}: its adapter {adapter} is gone; choose another model")
        raise UserError(gone.format(run=run.id, adapter=adapter))
    return OpenModel(settings.profile, prompt_builder.builder_of(settings), adapter)


@lru_cache(maxsize=4)
def _builder(profile: Profile, strategy: Strategy) -> PromptBuilder:
    """With the examples that a run of this profile draws.

    Kept while the profile stays the same: a large training file takes a while to read.
    """
    return prompt_builder.builder_for(profile, prompt_builder.draw_outside_a_run(profile, strategy))
