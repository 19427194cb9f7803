"""Puts a GPU and who is on it into words."""

from __future__ import annotations

from engine.language.figures import size
from engine.language.texts import _
from engine.machine.hardware import Gpu, GpuProcess


def describe_gpu(gpu: Gpu) -> str:
    """`GPU 0 NVIDIA H100, 70.1 of 79.6 GB free, 37 % busy, 41 °C`."""
    return _(", ").join(facts_of_gpu(gpu))


def facts_of_gpu(gpu: Gpu) -> list[str]:
    """The same in parts, the most important first."""
    free, total = size(gpu.free), size(gpu.total)
    number, _space, unit = free.partition(" ")
    if total.endswith(unit):
        free = number  # the unit is said once
    parts = [
        f"GPU {gpu.index} {gpu.name}",
        _("{free} of {total} free").format(free=free, total=total),
    ]
    if gpu.utilization is not None:
        parts.append(_("{share} % busy").format(share=gpu.utilization))
    if gpu.temperature is not None:
        parts.append(f"{gpu.temperature} °C")
    return parts


def describe_process(process: GpuProcess) -> str:
    """Who it is and what it holds."""
    held = "" if process.memory is None else size(process.memory)
    who = process.user or _("another user or container")
    name, memory = process.name or _("process"), held or _("memory unknown")
    return _("{who}: {name} {pid}, {memory}").format(
        who=who, name=name, pid=process.pid, memory=memory
    )
