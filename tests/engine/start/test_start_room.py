"""Before a direct start: is there a GPU with room, and which; if not, who is on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fake_nvml import GIB, Card, FakeNvml
from samples import TINY

from engine.language.errors import RunError
from engine.machine.hardware import Probe
from engine.start import preflight, start_room
from engine.start.request import Request

FULL = Card("GPU-a", "1", used=80 * GIB - (50 << 20), compute={2**22 + 5: 79 * GIB})
OTHER = Card("GPU-b", "2", used=60 * GIB)


@pytest.fixture(autouse=True)
def _no_choice_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.fixture
def asked(root: Path) -> Request:
    return Request(root, "qlora", profile=str(TINY))


def find(asked: Request, *cards: Card) -> str:
    return start_room.find_gpu(asked, Probe(FakeNvml(*cards)))


def test_a_gpu_with_room_is_taken_and_none_where_there_is_none(asked: Request) -> None:
    assert find(asked, FULL, OTHER) == "GPU-b"
    assert start_room.find_gpu(asked, Probe(FakeNvml(driver=False))) == ""


def test_without_room_nothing_is_started_and_the_holder_is_named(asked: Request) -> None:
    with pytest.raises(RunError) as caught:
        find(asked, FULL)
    said = str(caught.value)
    assert "GPU 0 has 52.4 MB free (held by another user" in said
    assert f"process {2**22 + 5}, 84.8 GB" in said
    assert "yiwen queue add" in said
    assert "--gpu 0" in said
    assert "\n" not in said


def test_a_run_that_is_too_large_for_every_gpu_is_told_another_remedy(asked: Request) -> None:
    with pytest.raises(RunError, match="more than a GPU here has .*nf4"):
        find(asked, Card("GPU-a", "1", total=100 << 20))


def test_who_names_a_gpu_is_not_asked(asked: Request) -> None:
    assert find(replace(asked, gpu="0"), FULL) == ""


def test_what_a_start_asks_for_is_what_is_foretold(asked: Request) -> None:
    """By a shorter way: a start should not look for leaks, nor count all tokens."""
    probe = Probe(FakeNvml(Card("GPU-a", "1")))
    foretold = preflight.look_ahead(asked, probe).memory
    assert foretold is not None
    assert preflight.least_memory(asked, probe) == foretold.least


def test_the_card_shows_the_gpu_that_is_taken(asked: Request) -> None:
    found = preflight.look_ahead(asked, Probe(FakeNvml(FULL, OTHER)))
    assert found.gpu is not None
    assert [gpu.uuid for gpu in found.gpus] == ["GPU-b", "GPU-a"]
    assert found.gpu == found.gpus[0]
