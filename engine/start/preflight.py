"""Finds out, before a run is started, what it will do, need and take; it changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from engine.data.dataset import Dataset, Pair
from engine.data.leaks import find_leaks
from engine.language.errors import UserError
from engine.language.said import Said
from engine.machine import hardware
from engine.machine.hardware import Gpu, Machine, Probe
from engine.models import context, model_shape
from engine.models.model_shape import ModelShape
from engine.profile import files
from engine.profile.schema import Profile
from engine.prompts import strategies
from engine.prompts.builder import PromptBuilder
from engine.prompts.strategies import Strategy
from engine.prompts.token_counts import TokenCounts
from engine.run import gpu_choice, prompt_builder
from engine.run.plan import (
    TrainingPlan,
    encode_for_training,
    encoded_one_by_one,
    plan_counted,
    require_some,
    steps_per_epoch,
)
from engine.run.settings import Job, Part
from engine.start import disk_estimate, run_memory, time_estimate
from engine.start.memory_estimate import MemoryEstimate
from engine.start.request import Request, check_model, read_data, resolve_gpu, resolve_profile
from engine.start.time_estimate import TimeEstimate

_TELLING = 20_000


@dataclass(frozen=True)
class Change:
    """A setting that differs from the profile's."""

    key: str
    value: Any
    profile_value: Any


@dataclass(frozen=True)
class Preflight:
    """Everything that is known about a run that has not been started."""

    profile: Profile
    strategy: Strategy
    data: dict[Part, Dataset]
    builder: PromptBuilder
    machine: Machine
    gpus: list[Gpu]
    """Those that may be chosen, the one that is taken unless another is chosen first."""
    gpu: Gpu | None
    """Where it will run; None for the processor."""
    remarks: list[Said] = field(default_factory=list)
    """On the model's folder."""
    changes: list[Change] = field(default_factory=list)
    plan: TrainingPlan | None = None
    tokens: int = 0
    """Seen in training from start to end."""
    cut: int = 0
    """Test items longer than evaluation.max_tokens."""
    unscorable: int = 0
    """Of these, items whose prompt alone is as long: the run will refuse them."""
    context: int = 0
    """Tokens that the model was made for; 0 if that is unknown."""
    beyond: int = 0
    """Training pairs and test items longer than it, as far as they are not cut."""
    leaks: int = 0
    """Test pairs that share a sentence with the training file."""
    memory: MemoryEstimate | None = None
    memory_trouble: str = ""
    """Why there is no estimate."""
    time: TimeEstimate | None = None
    checkpoints: int = 0
    """How many are kept."""
    disk: int = 0
    """Bytes of the checkpoints that are kept, and the result."""
    disk_free: int | None = None

    @property
    def memory_free(self) -> int:
        """Bytes free where the run will be."""
        return self.gpu.free if self.gpu else self.machine.memory_free


def look_ahead(request: Request, probe: Probe) -> Preflight:
    """Resolve, read, count. Raises UserError with whatever would keep the run from starting."""
    strategy = strategies.get(request.strategy)
    profile = resolve_profile(request)
    remarks = check_model(profile)
    trains = strategy.trains and request.run is None
    job: Job = "train" if trains else "evaluate"
    data = read_data(profile, job, needs_train=strategy.shows_examples, test=request.test)
    builder = prompt_builder.builder_for(profile, prompt_builder.draw(profile, strategy, data))
    machine = probe.read()
    gpu, gpus = _devices(request, machine.gpus)
    learnt = TokenCounts()
    plan = _plan(profile, builder, data["train"].pairs, learnt) if trains else None
    tokens = _tokens(profile, plan) if plan else 0
    test = TokenCounts.of(builder.encode_all(data["test"].pairs))
    limit = profile.evaluation.max_tokens
    shape, trouble = _shape(profile)
    tokens_at_most = context.of_folder(builder.tokenizer.folder)
    lengths = [*(min(length, limit) for length in test.lengths), *learnt.lengths]
    return Preflight(
        profile=profile,
        strategy=strategy,
        data=data,
        builder=builder,
        machine=machine,
        gpus=gpus,
        gpu=gpu,
        remarks=remarks,
        changes=_changes(request, profile),
        plan=plan,
        tokens=tokens,
        cut=sum(length > limit for length in test.lengths),
        unscorable=sum(
            length - scored >= limit for length, scored in zip(test.lengths, test.scored)
        ),
        context=tokens_at_most,
        beyond=sum(length > tokens_at_most > 0 for length in lengths),
        leaks=count_leaks(data["train"].pairs, data["test"].pairs) if "train" in data else 0,
        memory=run_memory.estimate(profile, shape, learnt, test, gpu) if shape else None,
        memory_trouble=trouble,
        time=_time(request, profile, plan, tokens, gpu) if plan else None,
        checkpoints=disk_estimate.kept(profile, plan.steps) if plan else 0,
        disk=disk_estimate.checkpoints(profile, shape, plan.steps) if shape and plan else 0,
        disk_free=hardware.free_disk(request.root),
    )


def _plan(
    profile: Profile, builder: PromptBuilder, pairs: Sequence[Pair], counts: TokenCounts
) -> TrainingPlan:
    """What training comes to, the lengths of its pairs put into `counts`. Raises UserError."""
    left_out = cut = 0
    for item, is_cut in encoded_one_by_one(profile.training, builder, pairs):
        cut += is_cut
        if item is None:
            left_out += 1
        else:
            counts.add(item)
    require_some(counts)
    lengths = list(zip(counts.lengths, counts.scored))
    return plan_counted(profile.training, lengths, left_out=left_out, cut=cut)


def least_memory(request: Request, probe: Probe) -> int:
    """Bytes that must be free for a run to begin, 0 where that cannot be told. Raises UserError.

    Of very many pairs the longest tell.
    """
    strategy = strategies.get(request.strategy)
    profile = resolve_profile(request)
    prompt_builder.require_model(profile)
    shape, _trouble = _shape(profile)
    if shape is None:
        return 0
    trains = strategy.trains and request.run is None
    job: Job = "train" if trains else "predict" if request.predict else "evaluate"
    data = read_data(profile, job, needs_train=strategy.shows_examples, test=request.test)
    builder = prompt_builder.builder_for(profile, prompt_builder.draw(profile, strategy, data))
    pairs = _longest(data["train"].pairs) if trains else []
    learnt = encode_for_training(profile.training, builder, pairs).encoded if trains else []
    test = [builder.encode(p.instruction, p.output) for p in _longest(data["test"].pairs)]
    gpu, _gpus = _devices(request, probe.gpus())
    return run_memory.estimate(profile, shape, learnt, test, gpu).least


def _longest(pairs: list[Pair]) -> list[Pair]:
    """All pairs, or as many of the longest as settle how large passes become."""
    if len(pairs) <= _TELLING:
        return pairs
    return sorted(pairs, key=lambda pair: -len(pair.instruction + pair.output))[:_TELLING]


def _devices(request: Request, there: Sequence[Gpu]) -> tuple[Gpu | None, list[Gpu]]:
    """The GPU that would be taken, and all that may be chosen: that first. Raises UserError."""
    taken = gpu_choice.take(there, request.root)
    rest = [gpu for gpu in gpu_choice.visible(there) if gpu is not taken]
    chosen = taken
    if request.gpu:
        chosen = hardware.find(there, request.gpu)
        if chosen is None:
            resolve_gpu(request.gpu)  # says which there are
    return chosen, [taken, *rest] if taken else rest


def _tokens(profile: Profile, plan: TrainingPlan) -> int:
    """Of the whole run: a share of the epochs where max_steps cuts it short."""
    return round(plan.tokens * plan.steps / steps_per_epoch(profile.training, plan.pairs))


def _time(
    request: Request, profile: Profile, plan: TrainingPlan, tokens: int, gpu: Gpu | None
) -> TimeEstimate | None:
    return time_estimate.from_earlier_runs(request.root, profile, plan, tokens, gpu)


def _changes(request: Request, profile: Profile) -> list[Change]:
    """What the request sets otherwise than the profile, in the request's order."""
    source = request.run or request.like
    before = source.settings.profile if source else files.load(request.profile)
    old, new = msgspec.to_builtins(before), msgspec.to_builtins(profile)
    found = []
    for key in request.overrides:
        was, now = _value(old, key), _value(new, key)
        if was != now:
            found.append(Change(key, now, was))
    return found


def _value(table: Any, dotted: str) -> Any:
    for key in dotted.split("."):
        table = table.get(key) if isinstance(table, dict) else None
    return table


def count_leaks(train: Sequence[Pair], test: Sequence[Pair]) -> int:
    """Test pairs of which a sentence, source or output, stands in the training file too."""
    return len({leak.test for leak in find_leaks(train, test)})


def _shape(profile: Profile) -> tuple[ModelShape | None, str]:
    try:
        return model_shape.read(profile.model), ""
    except UserError as error:
        return None, str(error)
