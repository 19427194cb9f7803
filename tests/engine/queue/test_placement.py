"""Where a waiting run may start, and what it waits for."""

from __future__ import annotations

import pytest

from engine.machine.hardware import Gpu
from engine.queue.placement import find_place

GIB = 1 << 30


def gpu(index: int, free: int, total: int = 80) -> Gpu:
    return Gpu(f"GPU-{index}", index, "card", total * GIB, (total - free) * GIB, free * GIB)


TWO = [gpu(0, 20), gpu(1, 70)]


def test_the_gpu_with_most_free_memory_is_taken() -> None:
    assert find_place(10 * GIB, "", TWO, (), any_active=False).gpu == "GPU-1"


@pytest.mark.parametrize(
    ("memory", "wish", "busy", "reason"),
    [
        (30, "", ("GPU-1",), "waits for 32.2 GB free on a GPU; GPU 0 has 21.5 GB"),
        (30, "GPU-0", (), "waits for 32.2 GB free on a GPU; GPU 0 has 21.5 GB"),
        (1, "GPU-1", ("GPU-1",), "waits for the run on its GPU to end"),
        (1, "", ("GPU-0", "GPU-1"), "waits for the run on its GPU to end"),
        (90, "", (), "needs about 96.6 GB, more than a GPU here has (85.9 GB)"),
        (1, "GPU-7", (), "waits for its GPU, which is not on this machine now"),
    ],
)
def test_what_is_waited_for(memory: int, wish: str, busy: tuple[str, ...], reason: str) -> None:
    place = find_place(memory * GIB, wish, TWO, busy, any_active=bool(busy))
    assert not place.free
    assert place.reason == reason


def test_an_unknown_need_takes_an_idle_gpu() -> None:
    assert find_place(0, "", TWO, ("GPU-1",), any_active=True).gpu == "GPU-0"


def test_a_processor_does_one_run_at_a_time() -> None:
    assert find_place(10**15, "", [], (), any_active=False).free
    place = find_place(1, "", [], (), any_active=True)
    assert place.reason == "waits for the run at work to end"
    assert "not on this machine" in find_place(1, "GPU-1", [], (), any_active=False).reason


def test_a_place_is_free_where_just_enough_is_free() -> None:
    place = find_place(70 * GIB, "", TWO, (), any_active=False)
    assert (place.free, place.gpu, place.reason) == (True, "GPU-1", "")
    assert not find_place(70 * GIB + 1, "", TWO, (), any_active=False).free


def test_without_a_gpu_neither_a_wish_nor_a_second_run_finds_a_place() -> None:
    assert not find_place(1, "GPU-1", [], (), any_active=False).free
    assert not find_place(1, "", [], (), any_active=True).free


@pytest.mark.parametrize("memory", [60, 80])
def test_what_one_card_may_hold_is_waited_for_though_another_is_too_small(memory: int) -> None:
    cards = [gpu(0, 20, total=24), gpu(1, 10)]
    size = {60: "64.4", 80: "85.9"}[memory]
    place = find_place(memory * GIB, "", cards, (), any_active=False)
    assert place.reason == f"waits for {size} GB free on a GPU; GPU 0 has 21.5 GB"


def test_what_none_can_hold_is_held_against_the_largest() -> None:
    cards = [gpu(0, 20, total=24), gpu(1, 10)]
    place = find_place(90 * GIB, "", cards, (), any_active=False)
    assert place.reason == "needs about 96.6 GB, more than a GPU here has (85.9 GB)"
