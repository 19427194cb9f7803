"""Puts a GPU and who is on it into words."""

from __future__ import annotations

from engine.hardware import Gpu, GpuProcess
from engine.language import _
from engine.text import size


def describe_gpu(gpu: Gpu) -> str:
    """`GPU 0 NVIDIA H100, 70.1 GB of 79.6 GB free, 37 % busy, 41 °C`."""
    parts = [
        f"GPU {gpu.index} {gpu.name}",
        _("{free} of {total} free").format(free=size(gpu.free), total=size(gpu.total)),
    ]
    if gpu.utilization is not None:
        parts.append(_("{share} % busy").format(share=gpu.utilization))
    if gpu.temperature is not None:
        parts.append(f"{gpu.temperature} °C")
    return _(", ").join(parts)


def describe_process(process: GpuProcess) -> str:
    """Who it is and what it holds."""
    held = "" if process.memory is None else size(process.memory)
    who = process.user or _("another user or container")
    name, memory = process.name or _("process"), held or _("memory unknown")
    return _("{who}: {name} {pid}, {memory}").format(
        who=who, name=name, pid=process.pid, memory=memory
    )
