"""Which engine computes a model, and what happens when memory runs out on the way."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import torch
from peft import PeftModel
from small_decoders import DECODERS, documents, random_decoder
from torch import Tensor
from transformers import PreTrainedModel

from engine.data.dataset import Pair
from engine.fast import memory as fast_memory
from engine.fast.families import FAMILIES
from engine.fast.memory import Use
from engine.language.errors import UserError
from engine.models import model_shape
from engine.profile.schema import Generation, Profile
from engine.prompts.builder import PromptBuilder
from engine.run.events import Evaluated, Phase, Started, Step, Warned
from engine.start import memory_estimate
from engine.worker.batching.batches import Pass, plan_passes
from engine.worker.batching.passes import PassSize
from engine.worker.fast.decode import Translator
from engine.worker.fast.ingredients import Ingredients
from engine.worker.fast.model import FastModel
from engine.worker.fast.parts.architecture import read_decoder
from engine.worker.fast.parts.weights import kept_bytes
from engine.worker.model import computed
from engine.worker.model.computed import Computed, choose_engine
from engine.worker.model.plain import PlainModel
from engine.worker.process import memory
from engine.worker.process.out_of_memory import DoesNotFit
from engine.worker.process.reporter import Reporter
from engine.worker.scoring.evaluate import Scored, score
from engine.worker.scoring.session import Session
from engine.worker.scoring.translate import translate_all
from engine.worker.training.loop import Trainer

pytestmark = pytest.mark.usefixtures("without_gpu")


def _asking(profile: Profile, engine: str) -> Profile:
    return msgspec.structs.replace(
        profile, model=msgspec.structs.replace(profile.model, engine=engine)
    )


def test_without_a_gpu_the_plain_engine_is_taken_and_says_why(
    tuned: PeftModel, profile: Profile
) -> None:
    computed = choose_engine(tuned, profile)
    assert computed.engine == "plain (no GPU)"
    assert isinstance(computed, PlainModel)
    assert computed.translator is not None  # translating is faster by our own code here too
    plain = choose_engine(tuned, _asking(profile, "plain"))
    assert plain.engine == 'plain (model.engine = "plain")'
    assert isinstance(plain, PlainModel)
    assert plain.translator is None
    with pytest.raises(UserError, match=r'model.engine = "fast": cannot be used: no GPU'):
        choose_engine(tuned, _asking(profile, "fast"))


def test_memory_decides_about_cached_weights_and_the_size_of_passes(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And about recorded passes, and activations that are computed again."""
    model = random_decoder(DECODERS["gemma2"]())
    short = msgspec.structs.replace(profile.training, gradient_checkpointing=True)
    profile = msgspec.structs.replace(profile, training=short)
    asked: list[Use] = []
    monkeypatch.setattr(Ingredients, "of_gpu", lambda shape, use: asked.append(use))
    monkeypatch.setattr(fast_memory, "HEAD_SIZES", (16,))
    monkeypatch.setattr(computed, "kept_bytes", lambda decoder, dtype: 4 * memory.GIB)
    for gib in (20, 4.9, 4):
        monkeypatch.setattr(memory, "free_bytes", lambda device, gib=gib: int(gib * memory.GIB))
        computed.ingredients_for(model, profile)
    assert asked == [Use(True, True, False), Use(True, False, True), Use(False, False, True)]

    shape = read_decoder(model).shape

    def fit(gib: float, **how: bool) -> int:
        how = {"training": True, "checkpointing": False, "recorded": False, **how}
        return fast_memory.tokens_that_fit(shape, int(gib * memory.GIB), 2, **how)

    many = fit(0.9)
    assert 0 < many < fast_memory.LONGEST_PASS
    assert fit(0.9, checkpointing=True) > many
    assert fit(0.9, training=False) > many
    assert fit(0.9, recorded=True) == many // 2
    assert fit(0.8) < many
    assert fit(20) == fast_memory.LONGEST_PASS
    assert fit(0.1) == 0


def test_the_card_before_a_start_reckons_with_the_worker_s_numbers(
    base: PreTrainedModel, profile: Profile
) -> None:
    """It reads the model's files, and the worker the loaded model."""
    decoder, read = read_decoder(base), model_shape.read(profile.model)
    for training in (True, False):
        how = {"training": training, "checkpointing": False}
        assert fast_memory.bytes_a_token(read, 2, **how) == fast_memory.bytes_a_token(
            decoder.shape, 2, **how
        )
    assert fast_memory.logits_bytes(read, 2, 9) == fast_memory.logits_bytes(decoder.shape, 2, 9)
    assert 2 * memory_estimate.linear_parameters(read) == kept_bytes(decoder, torch.bfloat16)
    assert read.family in FAMILIES


def test_a_limit_of_memory_holds_until_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a translator's profiles one may limit it, and the next not. Without torch's own getter,
    which older releases lack."""
    told: list[float] = []
    card = SimpleNamespace(total_memory=80 * memory.GIB)
    for name, stand_in in {
        "get_device_properties": lambda device: card,
        "set_per_process_memory_fraction": lambda share, device: told.append(share),
        "mem_get_info": lambda device: (70 * memory.GIB, card.total_memory),
        "memory_allocated": lambda device: 2 * memory.GIB,
        "memory_reserved": lambda device: 3 * memory.GIB,
    }.items():
        monkeypatch.setattr(torch.cuda, name, stand_in)
    monkeypatch.delattr(torch.cuda, "get_per_process_memory_fraction", raising=False)
    gpu = torch.device("cuda", 0)
    free = []
    for gib in (6.0, 0.0):
        memory.limit(gpu, gib)
        free.append(memory.free_bytes(gpu) / memory.GIB)
    assert free == [4.0, 71.0]
    assert told == [pytest.approx(6 / 80), 1.0]


def test_passes_are_halved_until_a_pair_stands_alone() -> None:
    size, items = PassSize(0), documents() * 8
    seen = []
    while True:
        tokens = size.tokens or 4096
        passes = plan_passes(items, row_tokens=tokens, tokens_per_pass=tokens, pad_id=0)
        largest = max(passes, key=lambda batch: batch.ids.numel())
        seen.append(largest.ids.numel())
        if not size.halve(largest):
            break
    assert len(seen) > 3
    assert all(after < before for before, after in zip(seen, seen[1:]))
    assert seen[-1] == max(len(item.ids) for item in items)


def test_out_of_memory_goes_on_in_smaller_passes(
    make_run: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same run, with and without a GPU that has no room for more than 400 tokens."""
    whole, short = (_trained(make_run, monkeypatch, room) for room in (100_000, 400))
    warned = [event.message for event in short if isinstance(event, Warned)]
    assert len(warned) == 1
    assert "out of memory while training; going on with passes of at most" in warned[0]
    assert "the effective batch unchanged" in warned[0]
    losses, right = ([e.loss for e in run if isinstance(e, Step)] for run in (short, whole))
    assert losses == pytest.approx(right, rel=1e-4)
    assert [e.tokens for e in short if isinstance(e, Step)] == [
        e.tokens for e in whole if isinstance(e, Step)
    ]


def _trained(make_run: Callable[..., object], monkeypatch: pytest.MonkeyPatch, room: int) -> list:  # type: ignore[type-arg]
    """The events of a run in this process, on a device with room for so many tokens."""
    small = make_run(training__max_steps=2, lora__dropout=0.0, evaluation__samples=0)
    events: list[object] = []
    trainer = Trainer(Session(small.run, Reporter(events.append)))  # type: ignore[attr-defined]
    compute = PlainModel.losses

    def limited(self: PlainModel, batch):  # type: ignore[no-untyped-def]
        if torch.is_grad_enabled() and batch.ids.numel() > room:
            raise torch.OutOfMemoryError("CUDA out of memory (a stand-in)")
        return compute(self, batch)

    with monkeypatch.context() as patched:
        patched.setattr(PlainModel, "losses", limited)
        trainer.train()
    (started,) = [event for event in events if isinstance(event, Started)]
    evaluated = [event for event in events if isinstance(event, Evaluated)]
    assert started.engine.startswith("plain (")
    assert all(event.definition["engine"] == started.engine for event in evaluated)
    return events


LIMITED = "CUDA out of memory (a stand-in)"


@pytest.mark.parametrize("engine", ["plain", "fast"])
def test_scoring_goes_on_in_smaller_passes_to_the_same_result(
    engine: str,
    tuned: PeftModel,
    profile: Profile,
    builder: PromptBuilder,
    pairs: list[Pair],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each item is scored once, and the next file begins with what fitted."""
    computed = PlainModel(tuned) if engine == "plain" else FastModel(tuned, Ingredients())
    file = Scored.prepare(pairs, builder, 2048)
    right = score(computed, file, profile, Reporter(lambda event: None), "file", 0)
    compute, said, scored, tried = type(computed).losses, [], [], []

    def limited(self: Computed, batch: Pass) -> Tensor:
        tried.append(batch.ids.numel())
        # The second pass meets a device that is fuller than it was for the first.
        if len(tried) > 1 and batch.ids.numel() > 0.6 * tried[0]:
            raise torch.OutOfMemoryError(LIMITED)
        scored.extend(set(batch.samples.tolist()))
        return compute(self, batch)

    monkeypatch.setattr(type(computed), "losses", limited)
    size = PassSize(600)
    found = score(computed, file, profile, Reporter(said.append), "file", 0, size)
    assert [one.perplexity for one in found] == pytest.approx(
        [one.perplexity for one in right], rel=1e-4
    )
    assert len(scored) == len(pairs)
    warned = [event for event in said if isinstance(event, Warned)]
    assert warned
    assert f"going on with passes of at most {size.tokens} tokens" in warned[-1].message
    assert warned[-1].hint == f"evaluation.tokens_per_pass = {size.tokens} begins with that"
    phases = [event.done for event in said if isinstance(event, Phase)]
    assert phases == sorted(phases)
    assert phases[-1] == len(pairs)
    before = len(tried)
    score(computed, file, profile, Reporter(said.append), "file", 0, size)
    assert max(tried[before:]) <= size.tokens


def test_scoring_that_has_no_room_for_the_smallest_pass_fails(
    tuned: PeftModel,
    profile: Profile,
    builder: PromptBuilder,
    pairs: list[Pair],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(self: PlainModel, batch: Pass) -> Tensor:
        raise torch.OutOfMemoryError(LIMITED)

    monkeypatch.setattr(PlainModel, "losses", full)
    file = Scored.prepare(pairs, builder, 2048)
    computed = object.__new__(PlainModel)
    computed.model = tuned
    with pytest.raises(DoesNotFit) as caught:
        score(computed, file, profile, Reporter(lambda event: None), "file", 0)
    longest = max(range(len(pairs)), key=lambda place: len(file.encoded[place].ids))
    assert caught.value.tokens == len(file.encoded[longest].ids)
    assert caught.value.item == pairs[longest].id


def test_translating_goes_on_with_fewer_at_once(
    tuned: PeftModel,
    profile: Profile,
    builder: PromptBuilder,
    pairs: list[Pair],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    computed, said, sizes = PlainModel(tuned), [], []
    brief = msgspec.structs.replace(profile.generation, batch_size=8, max_new_tokens=6)
    profile = msgspec.structs.replace(profile, generation=brief)
    instructions = [pair.instruction for pair in pairs]
    right = translate_all(computed, builder, instructions, profile, Reporter(lambda event: None))
    as_ever = PlainModel.generate

    def limited(self: PlainModel, prompts: list[list[int]], *rest: Any, **how: Any) -> Any:
        if len(prompts) > room:
            raise torch.OutOfMemoryError(LIMITED)
        sizes.append(len(prompts))
        return as_ever(self, prompts, *rest, **how)

    monkeypatch.setattr(PlainModel, "generate", limited)
    room = 3
    assert translate_all(computed, builder, instructions, profile, Reporter(said.append)) == right
    assert sizes == [2] * 6
    warned = [event.message for event in said if isinstance(event, Warned)]
    assert [message.rsplit("; ")[-1] for message in warned] == [
        "going on with 4 items at once",
        "going on with 2 items at once",
    ]
    room = 0
    with pytest.raises(DoesNotFit):
        translate_all(computed, builder, instructions, profile, Reporter(said.append))


def test_a_translator_that_ran_out_of_memory_lets_go_of_its_caches(
    tuned: PeftModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed = FastModel(tuned, Ingredients())
    brief = Generation(max_new_tokens=4)
    prompts = [[5, 6, 7], [8, 9]]
    right = computed.generate(prompts, frozenset({3}), brief, 0)
    before = weakref.ref(computed._translator)

    def full(*_: Any, **__: Any) -> None:
        raise torch.OutOfMemoryError(LIMITED)

    with monkeypatch.context() as patched:
        patched.setattr(Translator, "generate", full)
        with pytest.raises(torch.OutOfMemoryError):
            computed.generate(prompts, frozenset({3}), brief, 0)
    gc.collect()
    assert before() is None
    assert computed.generate(prompts, frozenset({3}), brief, 0) == right
