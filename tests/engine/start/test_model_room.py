"""Whether there is room to load a model: on the GPU that would be taken, else in main memory."""

from __future__ import annotations

import msgspec
import pytest
from fake_nvml import GIB, Card, FakeNvml
from samples import tiny

from engine.machine.hardware import Probe
from engine.start import model_room


def test_main_memory_is_asked_where_there_is_no_gpu() -> None:
    room = model_room.find(tiny(), Probe(FakeNvml(driver=False)))
    assert room is not None
    assert room.gpu is None
    assert room.need > 500 << 20  # libraries, above all
    assert "of main memory are free" in room.sentence


def test_the_gpu_that_would_be_taken_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    full = Card("GPU-full", "0000:02:00.0", used=80 * GIB - (10 << 20), compute={1: 70 * GIB})
    roomy = Card("GPU-roomy", "0000:01:00.0")
    probe = Probe(FakeNvml(full, roomy))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-full")
    room = model_room.find(tiny(), probe)
    assert room is not None
    assert not room.is_enough
    assert "10.5 MB on GPU 1 are free" in room.sentence
    assert "Most is held by" in room.sentence
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    room = model_room.find(tiny(), probe)
    assert room is not None
    assert room.is_enough


def test_a_model_that_is_not_there_leaves_the_question_open() -> None:
    profile = msgspec.structs.replace(
        tiny(), model=msgspec.structs.replace(tiny().model, path="/nowhere")
    )
    assert model_room.find(profile, Probe(FakeNvml(driver=False))) is None
