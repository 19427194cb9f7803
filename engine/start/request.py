"""Turns what a user asked for (profile or run, strategy, files) into a run folder ready to start.

Both the screens and the command line come here, so a run started from either is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.data import dataset
from engine.data.dataset import Dataset, Pair
from engine.language.errors import UserError
from engine.language.texts import _
from engine.machine import hardware
from engine.models import adapter_check, hub, model_check, tokenizer
from engine.profile import files as profile_files
from engine.profile import locations
from engine.profile.schema import Profile
from engine.prompts import few_shot, strategies
from engine.prompts.builder import PromptBuilder
from engine.prompts.few_shot import Examples
from engine.run import runs_folder
from engine.run.files import RunFiles, set_validation_aside
from engine.run.folder import Run
from engine.run.settings import Job, Part, RunSettings


@dataclass(frozen=True)
class Request:
    """What is asked for: train or score with a profile, or score with a run's adapter."""

    root: Path
    """The runs folder."""
    strategy: str
    profile: str = ""
    """Name or file of a profile; not needed with `run`."""
    run: Run | None = None
    """Take the adapter, and the profile as it was resolved then, from this run."""
    like: Run | None = None
    """Take the profile as it was resolved for this run; nothing else."""
    checkpoint: str = ""
    overrides: dict[str, str] = field(default_factory=dict)
    test: str = ""
    """File to score or to translate instead of the profile's."""
    predict: bool = False
    """Only translate; the file need have no outputs."""
    probe: bool = False
    """Only measure memory and speed of training, in two steps."""
    gpu: str = ""
    """Index or beginning of the UUID of the GPU to use; empty for the freest."""


def prepare(request: Request) -> Run:
    """Check everything and make the run folder. Raises UserError with all that is wrong."""
    strategy = strategies.get(request.strategy)
    profile = resolve_profile(request)
    check_model(profile)
    builder_for(profile)  # finds out whether the model has the tokens that are named
    job: Job = "train" if strategy.trains and request.run is None else "evaluate"
    if request.predict:
        job = "predict"
    data = read_data(profile, job, needs_train=strategy.shows_examples, test=request.test)
    if request.probe:
        job = "probe"
    adapter = ""
    if request.run is not None and strategy.trains:
        adapter = str(request.run.adapter_folder(request.checkpoint))
        check_adapter(adapter, profile)
    elif strategy.trains and request.predict:
        raise UserError(_("predict with qlora needs a run that was trained; name the run"))
    examples = draw(profile, strategy, data)
    return runs_folder.create(
        request.root,
        job=job,
        strategy=strategy.name,
        profile=profile,
        data=data,
        overrides=request.overrides,
        adapter=adapter,
        adapter_run=request.run.id if request.run and adapter else "",
        checkpoint=Path(adapter).name if Path(adapter).parent.name == "checkpoints" else "",
        examples=[] if profile.few_shot.choose == "nearest" else examples,
        gpu=resolve_gpu(request.gpu),
    )


def resolve_gpu(key: str) -> str:
    """The UUID of the GPU asked for, empty if none was. Raises UserError if it is not there."""
    if not key:
        return ""
    gpus = hardware.Probe().gpus()
    gpu = hardware.find(gpus, key)
    if gpu is None:
        there = _("; ").join(f"{gpu.index} {gpu.name} {gpu.uuid}" for gpu in gpus)
        raise UserError(
            _("no GPU '{key}' on this machine; there are: {there}").format(
                key=key, there=there or _("none")
            )
        )
    return gpu.uuid


def resolve_profile(request: Request) -> Profile:
    """The profile asked for, or the run's own as it was then. Raises ProfileError."""
    source = request.run or request.like
    if source is None:
        return profile_files.load(request.profile, request.overrides)
    if request.overrides:
        return profile_files.override(source.settings.profile, request.overrides)
    return source.settings.profile


def require_model(profile: Profile) -> None:
    """Say at once that a model is not here: it takes longest to get. Raises UserError."""
    model = profile.model
    if not Path(model.path).is_dir():
        hub.require(model.path, model.revision, profile.name if _is_as_listed(profile) else "")
    tokenizer.load(model.path, model.revision)


def check_model(profile: Profile) -> list[str]:
    """See that a profile's model is here, whole and of one piece. Raises UserError.

    Returns remarks, a sentence each. Whoever is about to use its weights comes here.
    """
    require_model(profile)
    return model_check.check(profile.model, profile.quantization)


def check_adapter(adapter: str | Path, profile: Profile) -> None:
    """See that an adapter is whole and fits a profile's model. Raises UserError."""
    model = profile.model
    adapter_check.check(Path(adapter), hub.require(model.path, model.revision))


def _is_as_listed(profile: Profile) -> bool:
    """Does pulling the profile by its name get this model?"""
    try:
        return profile_files.load(profile.name).model == profile.model
    except UserError:
        return False


def read_data(
    profile: Profile, job: Job, *, needs_train: bool = False, test: str = ""
) -> dict[Part, Dataset]:
    """Read the files that a job needs. Raises DataError or UserError."""
    skip_bad = profile.data.bad_records == "skip"
    wanted: dict[Part, str] = {}
    if job == "train" or needs_train:
        wanted["train"] = locations.data_file(profile, "train")
    wanted["test"] = test or locations.data_file(profile, "test")
    if job == "train" and profile.data.validation:
        wanted["validation"] = locations.data_file(profile, "validation")
    data: dict[Part, Dataset] = {}
    for part, path in wanted.items():
        if not path:
            raise UserError(
                _("data.{part}: no file is named; set it in the profile or choose one").format(
                    part=part
                )
            )
        data[part] = dataset.read(path, skip_bad=skip_bad, need_output=job != "predict")
    if job == "train" and "train" in data:
        data |= set_validation_aside(profile, data["train"])
    if "train" in data and data["train"].sha256 == data["test"].sha256:
        raise UserError(
            _(
                "data.train and data.test are the same file ({path}); a score on pairs the model "
                "was shown says nothing"
            ).format(path=data["test"].path)
        )
    return data


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
        raise UserError(_("data.train: no file is named; few-shot draws its examples from it"))
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
            _(
                "prompt.{key} of profile {name} has no {{examples}} part, where few-shot puts "
                "its examples; add it there, or in prompt.few_shot_template"
            ).format(key=key, name=profile.name)
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
