"""Where a worker computes, in facts."""

from __future__ import annotations

from msgspec import Struct


class Device(Struct, frozen=True, omit_defaults=True):
    """A GPU by its name, or the processor and how many of its threads compute."""

    kind: str
    """gpu or cpu."""
    name: str = ""
    threads: int = 0
