"""How long a run will take, judged by an earlier run of the same profile on the same device."""

from __future__ import annotations

import itertools
import math
import socket
from dataclasses import dataclass
from pathlib import Path

from engine.language.errors import RunError
from engine.machine.hardware import Gpu
from engine.profile.schema import Profile
from engine.run import runs_folder
from engine.run.history import History, read_history
from engine.run.plan import TrainingPlan, points_from
from engine.run.settings import RunSettings
from engine.run.summary import Status, Summary

_LOOK_AT = 200
"""Of the newest runs: a folder of thousands must not delay the screen."""


@dataclass(frozen=True)
class TimeEstimate:
    """Seconds from the worker's start to its end: loading and evaluations included."""

    seconds: float
    tokens_per_second: float
    run_id: str
    """The run it is judged by."""


@dataclass
class _Pace:
    """Where an earlier run's time went."""

    tokens: float = 0.0
    training: float = 0.0
    """Seconds in optimizer steps."""
    points: int = 0
    """Of the learning curve."""
    scoring: float = 0.0

    @classmethod
    def of(cls, history: History) -> _Pace:
        """Of what counts of its events."""
        scoring = sum(score.seconds for score in history.scores)
        pace = cls(points=len(history.tests), scoring=scoring)
        columns = history.steps.columns
        for tokens, speed in zip(columns["tokens"], columns["tokens_per_second"]):
            if speed > 0:
                pace.training += (tokens - pace.tokens) / speed
                pace.tokens = tokens
        return pace


def points_of(plan: TrainingPlan) -> int:
    """How often the test file is scored: before training, along the way, and the result."""
    return points_from(1, plan.steps, plan.evaluate_every) + 2


def from_earlier_runs(
    root: Path, profile: Profile, plan: TrainingPlan, tokens: int, gpu: Gpu | None
) -> TimeEstimate | None:
    """What training on so many tokens will take; None where no run like it has finished here.

    Steps are scaled by tokens and scoring by its points; loading and translating stay as they were.
    """
    for run in itertools.islice(runs_folder.list_folders(root), _LOOK_AT):
        try:
            settings = run.read_settings()
            if not (_is_like(settings, profile) and _same_host(settings, gpu)):
                continue
            summary = run.summary()
            if not _tells(summary, gpu):
                continue
            pace = _Pace.of(read_history(run.events_path))
        except (RunError, OSError):
            continue
        if pace.training > 0:
            training = tokens * pace.training / pace.tokens
            scoring = points_of(plan) * pace.scoring / max(1, pace.points)
            rest = max(0.0, summary.seconds - pace.training - pace.scoring)
            return TimeEstimate(training + scoring + rest, pace.tokens / pace.training, run.id)
    return None


def _is_like(settings: RunSettings, profile: Profile) -> bool:
    return (
        settings.job == "train"
        and settings.profile.name == profile.name
        and settings.profile.model.dtype == profile.model.dtype
        and settings.profile.quantization == profile.quantization
        and settings.profile.evaluation.outputs == profile.evaluation.outputs
    )


def _tells(summary: Summary, gpu: Gpu | None) -> bool:
    """Did it finish, in one go, on this kind of device?"""
    if summary.status is not Status.FINISHED or summary.was_resumed:
        return False
    device = summary.device
    on_device = device is not None and (device.name == gpu.name if gpu else device.kind == "cpu")
    return on_device and math.isfinite(summary.seconds)


def _same_host(settings: RunSettings, gpu: Gpu | None) -> bool:
    """A processor is known by its machine; a GPU of the same name is as fast elsewhere."""
    return gpu is not None or settings.host == socket.gethostname()
