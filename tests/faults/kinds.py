"""Kinds of faults: each a module beside this one. To add one, write it and name it in `ALL`."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shim import Fault

ALL = ("worker_calls", "command_calls")
"""Modules that have a class `Faults` with what `Kind` asks for."""


@dataclass(frozen=True)
class Case:
    """One fault, in one scenario."""

    group: str
    """Its row of the table."""
    fault: Fault
    scenario: str = ""

    def __str__(self) -> str:
        return f"{self.group}: {self.fault}"


class Kind(Protocol):
    """Injects faults, one after another, and says of each whether anything was lost by it."""

    def cases(self) -> list[Case]:
        """All that there are."""

    def inject(self, case: Case) -> str:
        """Empty if nothing was lost; else what."""


def make(name: str, folder: Path, *, is_long: bool) -> Kind:
    """A kind at work in a folder, in its long form or in that of every day."""
    kind: Kind = importlib.import_module(name).Faults(folder, is_long=is_long)
    return kind
