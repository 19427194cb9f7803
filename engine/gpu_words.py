"""Puts a GPU and who is on it into words."""

from __future__ import annotations

from engine.hardware import Gpu, GpuProcess
from engine.text import size


def describe_gpu(gpu: Gpu) -> str:
    """`GPU 0 NVIDIA H100, 70.1 GB of 79.6 GB free, 37 % busy, 41 °C`."""
    parts = [f"GPU {gpu.index} {gpu.name}", f"{size(gpu.free)} of {size(gpu.total)} free"]
    if gpu.utilization is not None:
        parts.append(f"{gpu.utilization} % busy")
    if gpu.temperature is not None:
        parts.append(f"{gpu.temperature} °C")
    return ", ".join(parts)


def describe_process(process: GpuProcess) -> str:
    """Who it is and what it holds."""
    held = "" if process.memory is None else size(process.memory)
    who = process.user or "another user or container"
    return f"{who}: {process.name or 'process'} {process.pid}, {held or 'memory unknown'}"
