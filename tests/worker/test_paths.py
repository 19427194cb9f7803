"""Which path computes a model, and what happens when memory runs out on the way."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import msgspec
import pytest
import torch
from peft import PeftModel
from small_decoders import DECODERS, documents, random_decoder

from engine.errors import UserError
from engine.events import Evaluated, Started, Step, Warned
from engine.profiles import Profile
from engine.worker import memory
from engine.worker.batches import plan_passes
from engine.worker.fast.architecture import read_decoder
from engine.worker.model import LabelLosses
from engine.worker.passes import PassSize
from engine.worker.paths import make_losses
from engine.worker.session import Session
from engine.worker.train import Trainer


def _asking(profile: Profile, engine: str) -> Profile:
    return msgspec.structs.replace(
        profile, model=msgspec.structs.replace(profile.model, engine=engine)
    )


@pytest.mark.skipif(torch.cuda.is_available(), reason="is about machines without a GPU")
def test_without_a_gpu_the_plain_path_is_taken_and_says_why(
    tuned: PeftModel, profile: Profile
) -> None:
    losses = make_losses(tuned, profile)
    assert losses.path == "plain (no GPU)"
    assert isinstance(losses, LabelLosses)
    assert losses.translator is not None  # translating is faster by our own code here too
    plain = make_losses(tuned, _asking(profile, "plain"))
    assert plain.path == 'plain (model.engine = "plain")'
    assert isinstance(plain, LabelLosses)
    assert plain.translator is None
    with pytest.raises(UserError, match=r'model.engine = "fast": cannot be used: no GPU'):
        make_losses(tuned, _asking(profile, "fast"))


def test_memory_decides_about_cached_weights_and_the_size_of_passes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shape = read_decoder(random_decoder(DECODERS["gemma2"]())).shape
    cpu = torch.device("cpu")

    def room(gib: float) -> None:
        monkeypatch.setattr(memory, "free_bytes", lambda device: int(gib * memory.GIB))

    room(20)
    assert memory.permits_cache(shape, cpu, 4 * memory.GIB, 2)
    assert not memory.permits_cache(shape, cpu, 20 * memory.GIB, 2)
    many = memory.tokens_that_fit(shape, cpu, 2, training=True, checkpointing=False)
    assert memory.tokens_that_fit(shape, cpu, 2, training=True, checkpointing=True) > many
    assert memory.tokens_that_fit(shape, cpu, 2, training=False, checkpointing=False) > many
    room(10)
    assert memory.tokens_that_fit(shape, cpu, 2, training=True, checkpointing=False) < many / 1.9
    room(0.1)
    assert memory.tokens_that_fit(shape, cpu, 2, training=True, checkpointing=False) == 0


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
        seen.append(max(batch.ids.numel() for batch in passes))
        if not size.halve(passes):
            break
    assert len(seen) > 3
    assert all(after < before for before, after in zip(seen, seen[1:]))
    assert not PassSize(30).halve(plan_passes(items[:1], row_tokens=0, tokens_per_pass=1, pad_id=0))


def test_out_of_memory_goes_on_in_smaller_passes(
    make_run: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same run, with and without a GPU that has no room for more than 400 tokens."""
    whole, short = (_trained(make_run, monkeypatch, room) for room in (100_000, 400))
    warned = [event.message for event in short if isinstance(event, Warned)]
    assert len(warned) == 1
    assert "out of memory; going on with passes of at most" in warned[0]
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
    from engine.worker.reporter import Reporter

    trainer = Trainer(Session(small.run, Reporter(events.append)))  # type: ignore[attr-defined]
    compute = LabelLosses.__call__

    def limited(self: LabelLosses, batch):  # type: ignore[no-untyped-def]
        if torch.is_grad_enabled() and batch.ids.numel() > room:
            raise torch.OutOfMemoryError("CUDA out of memory (a stand-in)")
        return compute(self, batch)

    with monkeypatch.context() as patched:
        patched.setattr(LabelLosses, "__call__", limited)
        trainer.train()
    (started,) = [event for event in events if isinstance(event, Started)]
    evaluated = [event for event in events if isinstance(event, Evaluated)]
    assert started.path.startswith("plain (")
    assert all(event.definition["path"] == started.path for event in evaluated)
    return events
