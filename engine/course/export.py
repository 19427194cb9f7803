"""Writes what the course's grader takes: adapter_checkpoint/, utils.py, run.sh and the rest."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.course import adapter, rules, scripts
from engine.course import year as course_year
from engine.course.rules import Sizes
from engine.course.year import CourseYear
from engine.language.errors import RunError, UserError, cannot_write
from engine.language.said import Said, listed
from engine.machine import reading
from engine.machine.files import write_atomically
from engine.models import hub
from engine.profile.schema import Profile
from engine.prompts import strategies
from engine.run import prompt_builder
from engine.run.events import Score
from engine.run.folder import Run
from engine.run.history import read_history
from engine.start import request

ADAPTER = "adapter_checkpoint"
STANDING = ("predict.py", "grade.py")
SCRIPTS = ("utils.py", "run.sh", *STANDING)
_WRITTEN = (ADAPTER, "download.sh", "README.md", *SCRIPTS)


@dataclass(frozen=True)
class Export:
    """What was written, and what is to be known of it."""

    run: Run
    folder: Path
    checkpoint: str
    """The checkpoint's name; empty for a run's result."""
    base_model: str
    model_folder: Path
    """Where the base model lies on this machine."""
    prompt: str
    """The prompt's digest."""
    score: Score | None
    """What `yiwen` measured with this adapter on the run's test file."""
    sizes: Sizes
    year: CourseYear
    """Whose rules it is held to."""
    warnings: list[Said] = field(default_factory=list)

    @property
    def adapter(self) -> Path:
        return self.folder / ADAPTER


def write(
    run: Run,
    folder: Path,
    checkpoint: str = "",
    *,
    year: int | None = None,
    overwrite: bool = False,
) -> Export:
    """Write the folder, for a year of the course; by itself the year that has the base model.

    Raises UserError, before anything is written where that can be known.
    """
    source = adapter_of(run, checkpoint)
    there = [name for name in _WRITTEN if (folder / name).exists()]
    if there and not overwrite:
        raise UserError(
            "{folder}: holds {files} already; --force writes over them",
            folder=folder,
            files=listed(there),
        )
    profile = run.settings.profile
    request.check_model(profile)
    request.check_adapter(source, profile)
    builder = prompt_builder.builder_of(run.settings)
    model_folder = hub.require(profile.model.path, profile.model.revision)
    base_model = adapter.model_name(profile.model.path)
    course = course_year.of_model(base_model) if year is None else course_year.get(year)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        warnings = adapter.copy(source, folder / ADAPTER, base_model)
        texts = {
            "utils.py": scripts.utils_py(
                profile, builder, run.id, attention_of(profile, model_folder)
            ),
            "run.sh": scripts.RUN_SH,
            "download.sh": scripts.DOWNLOAD_SH,
        }
        texts |= {name: (scripts.STANDING / name).read_text("utf-8") for name in STANDING}
        for name, text in texts.items():
            write_atomically(folder / name, text.encode())
            if name.endswith(".sh"):
                (folder / name).chmod(0o755)
    except OSError as error:
        raise UserError(cannot_write(folder, error)) from None
    sizes = Sizes(
        adapter=sum(path.stat().st_size for path in (folder / ADAPTER).iterdir()),
        base=rules.base_bytes(model_folder, profile.quantization),
    )
    return Export(
        run=run,
        folder=folder,
        checkpoint="" if source == run.adapter_path else source.name,
        base_model=base_model,
        model_folder=model_folder,
        prompt=builder.digest,
        score=_recorded_score(run, source),
        sizes=sizes,
        year=course,
        warnings=warnings + rules.broken(course, profile, builder, base_model, sizes),
    )


def attention_of(profile: Profile, model_folder: Path) -> str:
    """What translates the same: sdpa leaves out a cap on attention scores without a word."""
    config = reading.json_file(model_folder / "config.json", dict[str, Any])
    capped = bool(config.get("attn_logit_softcapping"))
    return "sdpa" if profile.model.attention == "sdpa" and not capped else "eager"


def adapter_of(run: Run, checkpoint: str = "") -> Path:
    """The folder of the adapter that a run trained or used. Raises RunError."""
    settings = run.settings
    if not strategies.get(settings.strategy).trains:
        raise RunError(
            "run {run}: {strategy} uses the base model as it is, so there is no adapter to "
            "hand in; `yiwen train {profile}` makes one, and `yiwen report` describes runs of "
            "every strategy",
            run=run.id,
            strategy=settings.strategy,
            profile=shlex.quote(settings.profile.name),
        )
    if settings.job == "train":
        return run.adapter_folder(checkpoint)
    if checkpoint:
        raise RunError(
            "run {run} has no checkpoints; the run that trained is {trained}",
            run=run.id,
            trained=settings.adapter_run,
        )
    return Path(settings.adapter)


def _recorded_score(run: Run, source: Path) -> Score | None:
    if run.settings.job != "train" or source == run.adapter_path:
        return run.summary().score
    scores = [
        test.score for test in read_history(run.events_path).tests if test.checkpoint == source.name
    ]
    return scores[-1] if scores else None
