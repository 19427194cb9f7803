"""How benchmarks measure and report: repeats, their spread, a ratio to the baseline, JSON."""

from __future__ import annotations

import gc
import json
import platform
import statistics
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

GIB = 1 << 30


@dataclass
class Row:
    """One way, measured several times."""

    name: str
    rates: list[float] = field(default_factory=list)
    """What is compared, each repeat: higher is better."""
    facts: dict[str, Any] = field(default_factory=dict)
    failed: str = ""

    @property
    def rate(self) -> float:
        return statistics.median(self.rates) if self.rates else float("nan")


class Table:
    """Rows with the first as baseline; a way that fails says so and the others go on."""

    def __init__(self, title: str, unit: str, columns: list[str]) -> None:
        self.title = title
        self.unit = unit
        self.columns = columns
        self.rows: list[Row] = []

    def add(self, name: str, measure: Callable[[Row], None]) -> None:
        """Measure a way, and print its row at once."""
        row = Row(name)
        began = time.monotonic()
        try:
            measure(row)
        except Exception as error:  # one way's failure is a result too
            row.failed = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:120]}"
            traceback.print_exc()
        row.facts["whole s"] = round(time.monotonic() - began, 1)
        self.rows.append(row)
        self._print(row)

    def head(self) -> None:
        """Print what the columns are."""
        print(f"\n{self.title}\n{'way':<44}{self.unit:>10}{'spread':>17}{'ratio':>7}", end="")
        print("".join(f"{column:>12}" for column in self.columns), flush=True)

    def _print(self, row: Row) -> None:
        if row.failed:
            print(f"{row.name:<44}{row.failed}", flush=True)
            return
        spread = f"{_number(min(row.rates))}–{_number(max(row.rates))}"
        base = next((other.rate for other in self.rows if other.rates), float("nan"))
        facts = "".join(f"{row.facts.get(column, '')!s:>12}" for column in self.columns)
        ratio = row.rate / base
        print(f"{row.name:<44}{_number(row.rate):>10}{spread:>17}{ratio:>7.1f}{facts}", flush=True)

    def as_json(self) -> dict[str, Any]:
        return {"title": self.title, "unit": self.unit, "rows": [asdict(row) for row in self.rows]}


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def write(path: Path | None, tables: list[Table]) -> None:
    """The tables as JSON, with the machine they were measured on."""
    if path is not None:
        content = {"machine": machine(), "tables": [table.as_json() for table in tables]}
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False))


def machine() -> dict[str, str]:
    """What the numbers hold for."""
    import transformers

    name = torch.cuda.get_device_name() if torch.cuda.is_available() else platform.processor()
    return {
        "device": name,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "python": platform.python_version(),
    }


def wait() -> None:
    """Until the GPU has done what it was asked to do."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def seconds(work: Callable[[], object]) -> float:
    """How long some work takes, to its end on the GPU."""
    wait()
    began = time.perf_counter()
    work()
    wait()
    return time.perf_counter() - began


def forget_peak() -> None:
    """Measure the peak of memory from here on, without what earlier ways have left in cycles."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def peak_gib() -> float:
    """GiB of GPU memory that tensors took at most, those of recorded graphs too."""
    if not torch.cuda.is_available():
        return 0.0
    return round(torch.cuda.max_memory_reserved() / GIB, 1)
