"""Turns what a user asked for (profile or run, strategy, files) into a run folder ready to start.

Both the screens and the command line come here, so a run started from either is the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.data import dataset
from engine.data.dataset import Dataset
from engine.language.errors import UserError
from engine.language.said import Joined, Said
from engine.machine import hardware
from engine.models import adapter_check, hub, model_check
from engine.profile import files as profile_files
from engine.profile import locations
from engine.profile.schema import Profile
from engine.prompts import strategies
from engine.run import runs_folder
from engine.run.files import set_validation_aside
from engine.run.folder import Run
from engine.run.prompt_builder import builder_for, draw, require_model
from engine.run.settings import Job, Part
from engine.start import disk_room


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
        raise UserError(
            "predict with {strategy} needs a run that was trained; name the run",
            strategy=strategy.name,
        )
    examples = draw(profile, strategy, data)
    counts: dict[str, int] = {part: len(found.pairs) for part, found in data.items()}
    disk_room.require(request.root, profile, job, counts)
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
        there = Joined(Said("; "), (f"{gpu.index} {gpu.name} {gpu.uuid}" for gpu in gpus))
        raise UserError(
            "no GPU '{key}' on this machine; there are: {there}",
            key=key,
            there=there or Said("none"),
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


def check_model(profile: Profile) -> list[Said]:
    """See that a profile's model is here, whole and of one piece. Raises UserError.

    Returns remarks, a sentence each. Whoever is about to use its weights comes here.
    """
    require_model(profile)
    return model_check.check(profile.model, profile.quantization)


def check_adapter(adapter: str | Path, profile: Profile) -> None:
    """See that an adapter is whole and fits a profile's model. Raises UserError."""
    model = profile.model
    adapter_check.check(Path(adapter), hub.require(model.path, model.revision))


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
                "data.{part}: no file is named; set it in the profile or choose one", part=part
            )
        data[part] = dataset.read(path, skip_bad=skip_bad, need_output=job != "predict")
    if job == "train" and "train" in data:
        data |= set_validation_aside(profile, data["train"])
    if "train" in data and data["train"].sha256 == data["test"].sha256:
        raise UserError(
            "data.train and data.test are the same file ({path}); a score on pairs the model "
            "was shown says nothing",
            path=data["test"].path,
        )
    return data
