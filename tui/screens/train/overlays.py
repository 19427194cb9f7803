"""Other runs laid over the chart: each with a letter and a colour that follow from its name."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from engine.run.folder import Run
from tui.chart.curve import Curve

MOST = 6
"""Runs that one can still tell apart."""
COLORS = 4
_LETTERS = "ABCDEFGHKLMNPRSTUVWXYZ"
"""Capitals that look like nothing else on the chart."""


@dataclass
class Overlay:
    """A run beside the one that is watched."""

    run: Run
    letter: str
    color: int
    curve: Curve = field(default_factory=Curve)
    was_read: bool = False
    """Is all of it in the curve that there was?"""


def lay_over(runs: Iterable[Run], present: Sequence[Overlay]) -> list[Overlay]:
    """An overlay for each run; those that are there already keep their points and letter."""
    known = {overlay.run.id: overlay for overlay in present}
    wanted = list(runs)[:MOST]
    kept = [known[run.id] for run in wanted if run.id in known]
    taken = {overlay.letter for overlay in kept}
    made = []
    for run in wanted:
        if run.id in known:
            made.append(known[run.id])
            continue
        letter = _letter(run.id, taken)
        taken.add(letter)
        made.append(Overlay(run, letter, _hash(run.id) // len(_LETTERS) % COLORS))
    return made


def _letter(name: str, taken: set[str]) -> str:
    """By the name, so that a run keeps its letter from day to day; the next one if it is taken."""
    start = _hash(name) % len(_LETTERS)
    turned = _LETTERS[start:] + _LETTERS[:start]
    return next(letter for letter in turned if letter not in taken)


def _hash(name: str) -> int:
    return zlib.crc32(name.encode(errors="replace"))
