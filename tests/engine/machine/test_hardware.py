"""The machine: GPUs as NVML tells of them, processor, memory, disk."""

from __future__ import annotations

import os
import pwd
import sys
from pathlib import Path

import pytest
from fake_nvml import GIB, Card, FakeNvml

from engine.machine import hardware
from engine.machine.hardware import Probe

FIRST = Card("GPU-aaaa-1", "00000000:1B:00.0", used=10 * GIB)
SECOND = Card("GPU-bbbb-2", "00000000:AC:00.0", name="NVIDIA L4", total=24 * GIB)


def test_gpus_come_in_the_order_of_their_pci_addresses() -> None:
    gpus = Probe(FakeNvml(SECOND, FIRST)).gpus()
    assert [(gpu.index, gpu.uuid, gpu.name) for gpu in gpus] == [
        (0, "GPU-aaaa-1", "NVIDIA H100 80GB HBM3"),
        (1, "GPU-bbbb-2", "NVIDIA L4"),
    ]


def test_a_gpu_tells_memory_load_heat_and_power() -> None:
    (gpu,) = Probe(FakeNvml(FIRST)).gpus()
    assert (gpu.total, gpu.used, gpu.free) == (80 * GIB, 10 * GIB, 70 * GIB)
    assert (gpu.utilization, gpu.temperature) == (37, 41)
    assert (gpu.power, gpu.power_limit) == (123.456, 700.0)


def test_what_a_card_does_not_tell_is_none() -> None:
    card = Card("GPU-c", "0", utilization=None, temperature=None, power=None)
    (gpu,) = Probe(FakeNvml(card)).gpus()
    assert (gpu.utilization, gpu.temperature, gpu.power, gpu.power_limit) == (None,) * 4


def test_a_card_that_is_lost_is_left_out_and_the_others_keep_their_numbers() -> None:
    lost = Card("GPU-a", "00000000:00:00.0", lost=True)
    (gpu,) = Probe(FakeNvml(lost, SECOND)).gpus()
    assert (gpu.index, gpu.uuid) == (1, SECOND.uuid)


def test_processes_have_users_and_the_greatest_comes_first() -> None:
    mine, gone = os.getpid(), 2**22 + 1
    card = Card("GPU-d", "0", compute={mine: GIB, gone: 2 * GIB}, graphics={mine: None})
    (gpu,) = Probe(FakeNvml(card)).gpus()
    assert [(p.pid, p.memory) for p in gpu.processes] == [(gone, 2 * GIB), (mine, GIB)]
    assert (gpu.processes[0].user, gpu.processes[0].name) == ("", "")
    assert gpu.processes[1].user == pwd.getpwuid(os.getuid()).pw_name
    assert gpu.processes[1].name


def test_without_a_driver_there_are_no_gpus() -> None:
    assert Probe(FakeNvml(FIRST, driver=False)).gpus() == ()


def test_without_the_library_there_are_no_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert Probe().gpus() == ()


def test_without_a_driver_the_library_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.delitem(sys.modules, "pynvml", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("ctypes.CDLL", missing)
    assert Probe().gpus() == ()
    assert "pynvml" not in sys.modules


def test_the_driver_is_opened_once() -> None:
    nvml = FakeNvml(FIRST)
    probe = Probe(nvml)
    probe.read()
    nvml.cards[0].used = 0
    assert probe.read().gpus[0].used == 0
    assert nvml.opened == 1
    FIRST.used = 10 * GIB


def test_this_machine_is_read_whether_it_has_a_gpu_or_not() -> None:
    machine = Probe().read()
    assert machine.cores >= 1
    assert 0 < machine.memory_free < machine.memory_total
    assert 0 <= machine.cpu <= 1
    for gpu in machine.gpus:  # on a machine that has some
        assert gpu.uuid.startswith("GPU-")
        assert gpu.used <= gpu.total


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (None, [0, 1]),
        ("1,0", [1, 0]),
        ("GPU-bbbb", [1]),
        ("0,7,1", [0]),
        ("", []),
        ("-1", []),
        ("gpu-", []),
    ],
)
def test_cuda_visible_devices_is_read_as_cuda_reads_it(
    environment: str | None, expected: list[int]
) -> None:
    gpus = Probe(FakeNvml(FIRST, SECOND)).gpus()
    assert [gpu.index for gpu in hardware.visible(gpus, environment)] == expected


def test_free_disk_of_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    free = hardware.free_disk(tmp_path / "not" / "yet")
    assert free is not None
    assert free > 0
