"""The machine while a run goes on: each GPU and who uses it; else processor and main memory."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from engine.language.plain_text import one_line
from engine.language.texts import _, marked, plural
from engine.machine.hardware import Gpu, GpuProcess, Machine, Probe
from engine.machine.usage import Usage, UsageProbe
from engine.run.folder import Run
from tui.widgets.polled_lines import PolledLines

_BAR = 14
_SHORTEST_BAR = 4
_FIRST_SECONDS = 0.2
"""Over which the processor is looked at first; then, since the last look."""
_MOST_PROCESSES = 4
_GB = 1e9
_LABELS = {"cpu": marked("cpu"), "ram": marked("ram"), "use": marked("use"), "mem": marked("mem")}
"""Before the bars, all as wide as the widest."""


class MachinePanel(PolledLines):
    """Readings that differ little from what stands there leave it as it is."""

    DEFAULT_CSS = """
    MachinePanel { height: auto; }
    """

    def __init__(self, probe: Probe | None = None, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._probe = probe or Probe()
        self._usage: UsageProbe | None = None
        self._held: dict[str, float] = {}
        self._width = 0

    def watch_worker_of(self, run: Run) -> None:
        """Show the worker of this run."""
        self._usage = UsageProbe(run.folder)
        self._held = {}
        self.look()

    def lines(self, width: int, height: int) -> list[Content]:
        """The machine now."""
        machine = self._probe.read()
        if math.isnan(machine.cpu):
            time.sleep(_FIRST_SECONDS)
            machine = self._probe.read()
        usage = self._usage.read() if self._usage is not None else None
        self._width = width
        return list(self._described(machine, usage))

    def _described(self, machine: Machine, usage: Usage | None) -> Iterator[Content]:
        for gpu in machine.gpus:
            yield from self._gpu(gpu, usage)
        if not machine.gpus:
            yield Content.styled(_("No GPU: the run uses the processor"), "bold")
        busy = machine.cpu * machine.cores
        held = self._held.get("cpu", busy)
        busy = self._steady("cpu", busy, max(0.5, 0.1 * held))
        text = plural(
            "{busy:.1f} of {cores} core busy", "{busy:.1f} of {cores} cores busy", machine.cores
        ).format(busy=busy, cores=machine.cores)
        yield self._bar("cpu", busy / machine.cores, text)
        used = machine.memory_total - machine.memory_free
        held = self._steady("ram", used, machine.memory_total * 0.02)
        total = machine.memory_total
        yield self._bar("ram", held / max(1, total), _part_of(held, total))
        if usage is not None:
            cores = self._steady("worker cpu", usage.cpu, 0.25)
            memory = self._steady("worker ram", usage.memory, 50e6)
            text = _("worker {pid}: {cores:.1f} cores, {memory:.1f} GB").format(
                pid=usage.pid, cores=cores, memory=memory / _GB
            )
            yield Content.styled(text, "dim")

    def _gpu(self, gpu: Gpu, usage: Usage | None) -> Iterator[Content]:
        yield Content.styled(f"GPU {gpu.index}  {one_line(gpu.name)}", "bold")
        if gpu.utilization is not None:
            share = self._steady(f"{gpu.uuid} use", gpu.utilization, 10) / 100
            yield self._bar("use", share, f"{share:.0%}{self._heat(gpu)}")
        used = self._steady(f"{gpu.uuid} memory", gpu.used, gpu.total * 0.01)
        yield self._bar("mem", used / max(1, gpu.total), _part_of(used, gpu.total))
        for process in gpu.processes[:_MOST_PROCESSES]:
            yield self._process(gpu, process, usage)
        if len(gpu.processes) > _MOST_PROCESSES:
            more = len(gpu.processes) - _MOST_PROCESSES
            text = plural("and {count} more process", "and {count} more processes", more).format(
                count=more
            )
            yield Content.styled(f"    {text}", "dim")

    def _heat(self, gpu: Gpu) -> str:
        text = ""
        if gpu.temperature is not None:
            text += f"  {self._steady(f'{gpu.uuid} heat', gpu.temperature, 3):.0f} °C"
        if gpu.power is not None:
            text += f"  {self._steady(f'{gpu.uuid} power', gpu.power, 25):.0f}"
            text += f"/{gpu.power_limit:.0f} W" if gpu.power_limit else " W"
        return text

    def _process(self, gpu: Gpu, process: GpuProcess, usage: Usage | None) -> Content:
        is_ours = usage is not None and process.pid == usage.pid
        mark = "▸ " if is_ours else "  "
        held = ""
        if process.memory is not None:
            key = f"{gpu.uuid} {process.pid}"
            held = f"{self._steady(key, process.memory, gpu.total * 0.01) / _GB:6.1f} GB"
        user = one_line(process.user) or "?"
        name = one_line(process.name) or _("process {pid}").format(pid=process.pid)
        name = _("this run") if is_ours else name
        who = f"{set_cell_size(user, 10)} {set_cell_size(name, 12)}"
        return Content.styled(f"  {mark}{who} {held}", "" if is_ours else "dim")

    def _bar(self, name: str, share: float, text: str) -> Content:
        """A bar with its label before it; it gives way to the text behind it."""
        label = set_cell_size(_(_LABELS[name]), max(cell_len(_(one)) for one in _LABELS.values()))
        room = min(_BAR, max(_SHORTEST_BAR, self._width - cell_len(label) - cell_len(text) - 2))
        done = round(min(1.0, max(0.0, share)) * room)
        return Content.assemble(
            (f"{label} ", "dim"), ("━" * done, "$primary"), ("╌" * (room - done), "dim"), f" {text}"
        )

    def _steady(self, name: str, value: float, noticeable: float) -> float:
        """The value that stands there, until it is off by so much."""
        held = self._held.get(name)
        if held is None or abs(value - held) >= noticeable:
            held = self._held[name] = value
        return held


def _part_of(used: float, total: float) -> str:
    return _("{used:.1f} of {total:.1f} GB").format(used=used / _GB, total=total / _GB)
