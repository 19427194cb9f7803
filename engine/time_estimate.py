"""How long a run will take, judged by earlier runs of the same profile on the same device."""

from __future__ import annotations

import itertools
import math
import socket
from dataclasses import dataclass
from pathlib import Path

from engine import runs
from engine.errors import RunError
from engine.hardware import Gpu
from engine.profiles import Profile
from engine.runs import Run
from engine.summary import Status, Summary

_LOOK_AT = 200
"""Of the newest runs: a folder of thousands must not delay the screen."""


@dataclass(frozen=True)
class TimeEstimate:
    """Seconds from start to end, evaluations included."""

    seconds: float
    tokens_per_second: float
    run_id: str
    """The run it is judged by."""


def from_earlier_runs(
    root: Path, profile: Profile, tokens: int, gpu: Gpu | None
) -> TimeEstimate | None:
    """What training on so many tokens will take; None where no run like it has finished here.

    The earlier run's whole time, evaluations and all, is scaled by the tokens it saw.
    """
    for run in itertools.islice(runs.list_all(root), _LOOK_AT):
        try:
            if not _is_like(run, profile):
                continue
            summary = run.summary()
        except RunError:
            continue
        if _tells(summary, gpu) and _same_host(run, gpu):
            return TimeEstimate(
                summary.seconds * tokens / summary.tokens, summary.tokens_per_second, run.id
            )
    return None


def _is_like(run: Run, profile: Profile) -> bool:
    settings = run.settings
    return (
        settings.job == "train"
        and settings.profile.name == profile.name
        and settings.profile.model.dtype == profile.model.dtype
        and settings.profile.quantization == profile.quantization
    )


def _tells(summary: Summary, gpu: Gpu | None) -> bool:
    """Did it finish, in one go, on this kind of device?"""
    if summary.status is not Status.FINISHED or not summary.tokens:
        return False
    on_device = summary.device == gpu.name if gpu else summary.device.startswith("CPU")
    return on_device and math.isfinite(summary.seconds) and not summary.was_resumed


def _same_host(run: Run, gpu: Gpu | None) -> bool:
    """A processor is known by its machine; a GPU of the same name is as fast elsewhere."""
    return gpu is not None or run.settings.host == socket.gethostname()
