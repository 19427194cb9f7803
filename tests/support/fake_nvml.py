"""Stands in for the module pynvml: cards that a test describes."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

GIB = 1 << 30


class NVMLError(Exception):
    """What the library raises for everything."""


@dataclass
class Card:
    """One GPU; None is answered with an error, as a card does that lacks a sensor."""

    uuid: str
    bus: str
    name: str = "NVIDIA H100 80GB HBM3"
    total: int = 80 * GIB
    used: int = 0
    utilization: int | None = 37
    temperature: int | None = 41
    power: int | None = 123_456
    capability: tuple[int, int] | None = (9, 0)
    compute: dict[int, int | None] = field(default_factory=dict)
    graphics: dict[int, int | None] = field(default_factory=dict)
    lost: bool = False


class FakeNvml:
    """The functions of pynvml that are used, over a list of cards in the driver's own order."""

    NVMLError = NVMLError
    NVML_TEMPERATURE_GPU = 0

    def __init__(self, *cards: Card, driver: bool = True) -> None:
        self.cards = list(cards)
        self.driver = driver
        self.opened = 0

    def nvmlInit(self) -> None:
        if not self.driver:
            raise NVMLError("Driver Not Loaded")
        self.opened += 1

    def nvmlDeviceGetCount(self) -> int:
        return len(self.cards)

    def nvmlDeviceGetHandleByIndex(self, number: int) -> Card:
        return self.cards[number]

    def nvmlDeviceGetPciInfo(self, card: Card) -> Any:
        return SimpleNamespace(busId=card.bus.encode())

    def nvmlDeviceGetUUID(self, card: Card) -> str:
        return str(_told(None if card.lost else card.uuid))

    def nvmlDeviceGetName(self, card: Card) -> bytes:
        return card.name.encode()

    def nvmlDeviceGetMemoryInfo(self, card: Card) -> Any:
        return SimpleNamespace(total=card.total, used=card.used, free=card.total - card.used)

    def nvmlDeviceGetUtilizationRates(self, card: Card) -> Any:
        return SimpleNamespace(gpu=_told(card.utilization))

    def nvmlDeviceGetTemperature(self, card: Card, sensor: int) -> Any:
        return _told(card.temperature)

    def nvmlDeviceGetPowerUsage(self, card: Card) -> Any:
        return _told(card.power)

    def nvmlDeviceGetEnforcedPowerLimit(self, card: Card) -> Any:
        return _told(None if card.power is None else 700_000)

    def nvmlDeviceGetCudaComputeCapability(self, card: Card) -> Any:
        return _told(card.capability)

    def nvmlDeviceGetComputeRunningProcesses(self, card: Card) -> list[Any]:
        return _processes(card.compute)

    def nvmlDeviceGetGraphicsRunningProcesses(self, card: Card) -> list[Any]:
        return _processes(card.graphics)


def _processes(held: dict[int, int | None]) -> list[Any]:
    return [SimpleNamespace(pid=pid, usedGpuMemory=memory) for pid, memory in held.items()]


def _told(value: Any) -> Any:
    if value is None:
        raise NVMLError("Not Supported")
    return value
