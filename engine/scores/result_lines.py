"""The lines of an evaluation's file, an item each: what stands in them, read, set side by side."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from engine.language.errors import RunError, reason_of
from engine.language.said import Words
from engine.machine import reading, regular_files
from engine.run.folder import Run
from engine.run.summary import Summary

_LARGEST = 256 << 20
"""Bytes of a file of results: a hundred thousand items."""


class SampleResult(Struct):
    """One line of an evaluation's JSONL. What is not said in it is left as it is here."""

    id: str = ""
    direction: str = "unknown"
    """A data.directions.Direction, or what another version calls one."""
    perplexity: float | None = None
    """None where only an output was asked for, or where it is not a finite number."""
    nll: float | None = None
    """Sum over the scored tokens, nats."""
    tokens: int = 0
    """Scored tokens: output and eos."""
    instruction: str = ""
    reference: str = ""
    output: str | None = None
    """The model's own translation, if it was asked for one."""
    examples: list[str] = []
    """Ids of the few-shot examples before it, where each item has its own."""
    repaired: str = ""
    """A second reference, see engine.dataset."""
    cut: bool = False
    """Was the output as long as allowed, and not ended by the model?"""
    special: list[str] = []
    """Special tokens within the output, which its text leaves out."""
    faults: dict[str, str] = {}
    """What is wrong with the output, by kind (see engine.scores.output_checks)."""
    chrf: float | None = None
    """Of the output alone, 0–100."""
    has_number: bool = False
    """Is the id a whole number in the data file?"""

    @property
    def own_id(self) -> str | int:
        """The id as the data file has it."""
        is_number = self.has_number and self.id.removeprefix("-").isdecimal()
        return int(self.id) if is_number else self.id

    @property
    def value(self) -> float:
        """Perplexity as a number: nan if it was not scored, infinity if beyond all bounds."""
        if self.perplexity is not None:
            return self.perplexity
        return math.inf if self.tokens else math.nan


class Results(Struct, frozen=True):
    """What could be read of a file."""

    results: list[SampleResult] = []
    unreadable: int = 0
    """Lines that are no results."""
    trouble: Words = ""
    """Why the file, or the first such line, could not be read."""


def read(path: Path, folder: Path) -> Results:
    """The results of a file in a run's folder, as far as they can be read."""
    try:
        lines = regular_files.content(path, within=folder, most=_LARGEST).splitlines()
    except OSError as error:
        return Results(trouble=reason_of(error))
    decoder = msgspec.json.Decoder(SampleResult, strict=False)
    results: list[SampleResult] = []
    troubles = []
    for line in lines:
        if not line.strip():
            continue
        try:
            results.append(reading.json_line(line, decoder))
        except ValueError as error:
            troubles.append(str(error))
    return Results(results, len(troubles), troubles[0] if troubles else "")


def of_run(run: Run, summary: Summary) -> list[SampleResult]:
    """All of a run's results. Raises RunError if there are none, or one cannot be read."""
    if not summary.results_file:
        raise RunError("run {run}: has no results to compare yet", run=run.id)
    path = run.folder / summary.results_file
    found = read(path, run.folder)
    if found.trouble:
        raise RunError("{path}: cannot be read: {error}", path=path, error=found.trouble)
    return found.results


def pair_up(
    one: Sequence[SampleResult], other: Sequence[SampleResult]
) -> list[tuple[SampleResult, SampleResult | None]]:
    """All items of one, each with the same of the other, if that has it.

    The same are items of one text asked and one reference, whatever their ids.
    """
    waiting: dict[tuple[str, str], list[SampleResult]] = defaultdict(list)
    for result in reversed(other):
        waiting[result.instruction, result.reference].append(result)
    found = []
    for result in one:
        same = waiting.get((result.instruction, result.reference))
        found.append((result, same.pop() if same else None))
    return found
