"""How much of the disk a run will take, before it is started.

adapters     one a checkpoint and one as the result, in float32: 4 a, where a is the number of
             an adapter's parameters (`memory_estimate`)
state        of the optimizer, beside the newest checkpoint and the one being written
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


def checkpoints(profile: Profile, shape: ModelShape, steps: int) -> int:
    """Bytes of all checkpoints and the result."""
    every = profile.training.checkpoint_every or plan.evaluate_every(profile.training, steps)
    adapter = 4 * memory_estimate.adapter_parameters(profile, shape)
    state = memory_estimate.optimizer_bytes(profile, shape)
    return (math.ceil(steps / every) + 1) * adapter + 2 * state


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
