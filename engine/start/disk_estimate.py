"""How much of the disk a run will take, before it is started.

adapters     one a checkpoint that is kept and one as the result, in float32: 4 a, where a is the
             number of an adapter's parameters (`memory_estimate`); the result is not there yet
             while a checkpoint is written
state        of the optimizer, beside the two newest checkpoints and the one being written
results      of each scored item, at each point of the learning curve, about a kilobyte
words        events and log
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine.language.errors import UserError
from engine.models import model_shape
from engine.models.model_shape import ModelShape
from engine.profile.schema import Profile
from engine.run import plan
from engine.run.settings import Job
from engine.start import memory_estimate

_RESULT = 1000
_WORDS = 1_000_000
LEAST = 1_000_000
"""Bytes without which no worker is started, whatever is still to be written."""


def kept(profile: Profile, steps: int) -> int:
    """How many checkpoints are kept: all, or the newest and, where one is chosen, the best."""
    training = profile.training
    every = training.checkpoint_every or plan.evaluate_every(training, steps)
    saved = math.ceil(steps / every)
    if not training.keep_checkpoints:
        return saved
    best = int(profile.evaluation.choose_by != "last")
    return min(saved, max(2, training.keep_checkpoints) + best)


def checkpoints(profile: Profile, shape: ModelShape, steps: int) -> int:
    """Bytes of all checkpoints that are kept, and the result."""
    adapter = 4 * memory_estimate.adapter_parameters(profile, shape)
    state = memory_estimate.optimizer_bytes(profile, shape)
    return (kept(profile, steps) + 1) * adapter + 3 * state


def whole(profile: Profile, job: Job, pairs: Mapping[str, int]) -> int:
    """Bytes of a run over so many pairs of each part; what is not known counts for nothing."""
    if job != "train":
        return pairs.get("test", 0) * _RESULT + _WORDS
    steps = plan.count_steps(profile.training, pairs.get("train", 0))
    every = plan.evaluate_every(profile.training, steps)
    scored = pairs.get("test", 0) + pairs.get("validation", 0)
    results = scored * plan.points_from(0, steps, every) * _RESULT
    try:
        adapters = checkpoints(profile, model_shape.read(profile.model), steps)
    except UserError:
        adapters = 0
    return adapters + results + _WORDS
