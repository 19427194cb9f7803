"""What this machine has, and who uses it now: GPUs by NVML, processor, main memory, disk.

A machine without an NVIDIA driver has no GPUs here; that is no error.
"""

from __future__ import annotations

import ctypes
import math
import os
import shutil
import sys
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import Struct


class GpuProcess(Struct, frozen=True):
    """A process that holds memory of a GPU."""

    pid: int
    user: str = ""
    """Empty where it cannot be seen, e.g. from inside a container."""
    name: str = ""
    """Of the program; empty where it cannot be seen."""
    memory: int | None = None
    """Bytes of the GPU's memory; None where the driver does not say."""


class Gpu(Struct, frozen=True):
    """A GPU as it stands now. None is what this card or driver does not tell."""

    uuid: str
    """What CUDA_VISIBLE_DEVICES takes; the same after a reboot, unlike the index."""
    index: int
    """Place in the order of PCI addresses, as nvidia-smi counts."""
    name: str
    total: int
    """Bytes of memory; `used` and `free` too."""
    used: int
    free: int
    utilization: int | None = None
    """Per cent of the last moments in which a kernel ran."""
    temperature: int | None = None
    """Degrees Celsius."""
    power: float | None = None
    """Watts."""
    power_limit: float | None = None
    processes: tuple[GpuProcess, ...] = ()
    """The greatest memory first."""
    capability: tuple[int, int] | None = None
    """CUDA's number for its generation: (8, 0) for Ampere."""


class Machine(Struct, frozen=True):
    """Everything at one moment."""

    gpus: tuple[Gpu, ...]
    cpu: float
    """Share of all cores in use since this probe's last reading, 0–1; nan at the first."""
    cores: int
    memory_total: int
    """Bytes of main memory."""
    memory_free: int
    """Bytes a new program can have without swapping."""


def _nvml() -> Any:
    """The module pynvml; None without a driver, which is asked first: the module is 2 MB."""
    try:
        if sys.platform == "linux":
            ctypes.CDLL("libnvidia-ml.so.1")
        import pynvml
    except (ImportError, OSError):
        return None
    return pynvml


class Probe:
    """Reads the machine again and again; a reading takes a few milliseconds. Safe in any thread."""

    def __init__(self, nvml: Any = None) -> None:
        """`nvml` stands in for the module pynvml, which else is imported at the first reading."""
        self._nvml = nvml
        self._handles: list[Any] | None = None
        self._lock = threading.Lock()
        self._processor = (math.nan, math.nan)
        """Seconds of all cores at the last reading: in all, and those at work."""

    def read(self) -> Machine:
        """The machine now. Never raises for want of a GPU."""
        import psutil  # slow to import, and not every command looks at the machine

        memory = psutil.virtual_memory()
        return Machine(
            gpus=self.gpus(),
            cpu=self._share_at_work(psutil.cpu_times()),
            cores=os.cpu_count() or 1,
            memory_total=int(memory.total),
            memory_free=int(memory.available),
        )

    def _share_at_work(self, times: Any) -> float:
        """Of the cores since the last reading; psutil's own is spoilt by whoever else asks it."""
        seconds: dict[str, float] = times._asdict()
        idle = seconds["idle"] + seconds.get("iowait", 0.0)
        counted = sum(value for name, value in seconds.items() if not name.startswith("guest"))
        (before, worked), self._processor = self._processor, (counted, counted - idle)
        if counted <= before:
            return 0.0
        return min(1.0, max(0.0, (counted - idle - worked) / (counted - before)))

    def gpus(self) -> tuple[Gpu, ...]:
        """The GPUs in the order of their PCI addresses; empty where there is no NVIDIA driver."""
        with self._lock:
            if self._handles is None:
                self._handles = self._open()
            found = (self._gpu(index, handle) for index, handle in enumerate(self._handles))
            return tuple(gpu for gpu in found if gpu is not None)

    def _open(self) -> list[Any]:
        """Handles by PCI address. The driver stays open: opening it is what takes long."""
        if self._nvml is None:
            self._nvml = _nvml()
        if self._nvml is None:
            return []
        nvml = self._nvml
        try:
            nvml.nvmlInit()
            count = nvml.nvmlDeviceGetCount()
        except (nvml.NVMLError, OSError):  # no driver, or none that fits its library
            return []
        handles = [self._ask(nvml.nvmlDeviceGetHandleByIndex, number) for number in range(count)]
        there = [handle for handle in handles if handle is not None]
        return sorted(there, key=lambda handle: _text(self._pci_address(handle)))

    def _pci_address(self, handle: Any) -> Any:
        info = self._ask(self._nvml.nvmlDeviceGetPciInfo, handle)
        return info.busId if info is not None else ""

    def _gpu(self, index: int, handle: Any) -> Gpu | None:
        """One GPU; None if it has fallen off the bus."""
        nvml, ask = self._nvml, self._ask
        memory = ask(nvml.nvmlDeviceGetMemoryInfo, handle)
        uuid = ask(nvml.nvmlDeviceGetUUID, handle)
        if memory is None or uuid is None:
            return None
        rates = ask(nvml.nvmlDeviceGetUtilizationRates, handle)
        capability = ask(nvml.nvmlDeviceGetCudaComputeCapability, handle)
        return Gpu(
            uuid=_text(uuid),
            index=index,
            name=_text(ask(nvml.nvmlDeviceGetName, handle) or "GPU"),
            total=int(memory.total),
            used=int(memory.used),
            free=int(memory.free),
            utilization=None if rates is None else int(rates.gpu),
            temperature=ask(nvml.nvmlDeviceGetTemperature, handle, nvml.NVML_TEMPERATURE_GPU),
            power=_watts(ask(nvml.nvmlDeviceGetPowerUsage, handle)),
            power_limit=_watts(ask(nvml.nvmlDeviceGetEnforcedPowerLimit, handle)),
            processes=self._processes(handle),
            capability=None if capability is None else (capability[0], capability[1]),
        )

    def _processes(self, handle: Any) -> tuple[GpuProcess, ...]:
        """What computes and what draws; a process may do both."""
        nvml = self._nvml
        memory_by_pid: dict[int, int | None] = {}
        for function in (
            nvml.nvmlDeviceGetComputeRunningProcesses,
            nvml.nvmlDeviceGetGraphicsRunningProcesses,
        ):
            for process in self._ask(function, handle) or ():
                known, held = memory_by_pid.get(process.pid), process.usedGpuMemory
                memory_by_pid[process.pid] = known if held is None else max(known or 0, held)
        found = [_process(pid, memory) for pid, memory in memory_by_pid.items()]
        return tuple(sorted(found, key=lambda process: (-(process.memory or 0), process.pid)))

    def _ask(self, function: Any, *arguments: Any) -> Any:
        """An answer of NVML, or None where this card or driver has none."""
        try:
            return function(*arguments)
        except (self._nvml.NVMLError, OSError):
            return None


def visible(gpus: Sequence[Gpu], environment: str | None) -> list[Gpu]:
    """The GPUs that a value of CUDA_VISIBLE_DEVICES leaves, in its order; None leaves all.

    As CUDA reads it: numbers or beginnings of UUIDs, up to the first that names no GPU.
    """
    if environment is None:
        return list(gpus)
    found: list[Gpu] = []
    for word in environment.split(","):
        gpu = find(gpus, word.strip())
        if gpu is None:
            break
        found.append(gpu)
    return found


def find(gpus: Sequence[Gpu], key: str) -> Gpu | None:
    """A GPU by its index or by the beginning of its UUID."""
    if key.isdigit():
        return next((gpu for gpu in gpus if gpu.index == int(key)), None)
    found = [gpu for gpu in gpus if key and gpu.uuid.lower().startswith(key.lower())]
    return found[0] if len(found) == 1 else None


def free_disk(folder: Path) -> int | None:
    """Bytes free for the user where a folder is, or will be; None if that cannot be told."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _process(pid: int, memory: int | None) -> GpuProcess:
    import psutil

    try:
        process = psutil.Process(pid)
        return GpuProcess(pid, _user(process.uids().real), process.name(), memory)
    except psutil.Error:  # it has just ended, or lives outside this container
        return GpuProcess(pid, memory=memory)


@lru_cache(maxsize=256)
def _user(number: int) -> str:
    """The name of a user; on large sites each look-up may ask a server."""
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _watts(milliwatts: int | None) -> float | None:
    return None if milliwatts is None else milliwatts / 1000


def _text(value: str | bytes) -> str:
    """Older versions of the library answer in bytes."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value
