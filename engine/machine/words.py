"""Puts a GPU and who is on it into words."""

from __future__ import annotations

from engine.language.figures import size
from engine.language.plain_text import one_line
from engine.language.said import Said, Words, listed
from engine.machine.hardware import Gpu, GpuProcess


def describe_gpu(gpu: Gpu) -> Said:
    """`GPU 0 NVIDIA H100, 70.1 of 79.6 GB free, 37 % busy, 41 °C`."""
    return listed(facts_of_gpu(gpu))


def facts_of_gpu(gpu: Gpu) -> list[Words]:
    """The same in parts, the most important first."""
    free, total = size(gpu.free), size(gpu.total)
    number, _space, unit = free.partition(" ")
    if total.endswith(unit):
        free = number  # the unit is said once
    parts: list[Words] = [
        f"GPU {gpu.index} {gpu.name}",
        Said("{free} of {total} free", free=free, total=total),
    ]
    if gpu.utilization is not None:
        parts.append(Said("{share} % busy", share=gpu.utilization))
    if gpu.temperature is not None:
        parts.append(f"{gpu.temperature} °C")
    return parts


def describe_process(process: GpuProcess) -> Said:
    """Who it is and what it holds."""
    held = "" if process.memory is None else size(process.memory)
    who = one_line(process.user) or Said("another user or container")
    name = one_line(process.name) or Said("process")
    memory = held or Said("memory unknown")
    return Said("{who}: {name} {pid}, {memory}", who=who, name=name, pid=process.pid, memory=memory)
