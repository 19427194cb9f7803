"""What an evaluation left in a run's folder: the scores with their definition, and the samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from msgspec import Struct

from engine import events
from engine.events import Evaluated, Finished, Judged
from engine.runs import Run


class Sample(Struct, frozen=True):
    """A line of a per-sample file; more lenient than what the worker writes."""

    id: str = ""
    direction: str = "unknown"
    perplexity: float | None = None
    """JSON has no infinity and no nan: both are written as null."""
    tokens: int = 0
    instruction: str = ""
    reference: str = ""
    output: str | None = None
    repaired: str = ""
    """A second reference."""
    faults: dict[str, str] = {}
    """What is wrong with the output, by kind."""
    chrf: float | None = None

    @property
    def value(self) -> float:
        """Perplexity as a number: nan if it was not scored, infinity if beyond all bounds."""
        if self.perplexity is not None:
            return self.perplexity
        return math.inf if self.tokens else math.nan


@dataclass(frozen=True)
class Result:
    """The latest on the test file."""

    evaluated: Evaluated | None = None
    """None for a run that only translates."""
    judged: Judged | None = None
    """None of runs from before there was such a thing, and until the evaluation's end."""
    file: Path | None = None
    samples: list[Sample] = field(default_factory=list)
    unreadable: int = 0
    """Lines of the file that are no samples."""


def read(run: Run) -> Result | None:
    """A run's result; None if there is none yet."""
    evaluated, judged, file = None, None, ""
    for event in _ends(run.events_path):
        if isinstance(event, Evaluated) and event.part == "test":
            evaluated, judged, file = event, None, event.file or file
        elif isinstance(event, Judged) and event.part == "test":
            judged, file = event, event.file or file
        elif isinstance(event, Finished):
            file = event.file or file
    if evaluated is None and not file:
        return None
    path = run.folder / file if file else None
    samples, unreadable = read_samples(path) if path else ([], 0)
    return Result(evaluated, judged, path, samples, unreadable)


def read_scores(run: Run) -> Evaluated | None:
    """Only the scores."""
    found = None
    for event in _ends(run.events_path):
        if isinstance(event, Evaluated) and event.part == "test":
            found = event
    return found


def _ends(path: Path) -> list[events.Event]:
    """The events that carry results; the many others are not even decoded."""
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except OSError:
        return []
    wanted = (b'{"kind":"evaluated"', b'{"kind":"judged"', b'{"kind":"finished"')
    return [events.decode(line) for line in lines if line.startswith(wanted)]


def read_samples(path: Path) -> tuple[list[Sample], int]:
    """The samples of a file, and how many lines are none."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return [], 0
    decoder = msgspec.json.Decoder(Sample, strict=False)
    samples, unreadable = [], 0
    for line in lines:
        if not line.strip():
            continue
        try:
            samples.append(decoder.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError):
            unreadable += 1
    return samples, unreadable


def by_perplexity(samples: Sequence[Sample], *, worst_first: bool = True) -> list[Sample]:
    """Samples in order of perplexity; those that have none last."""
    known = [sample for sample in samples if not math.isnan(sample.value)]
    known.sort(key=lambda sample: sample.value, reverse=worst_first)
    return known + [sample for sample in samples if math.isnan(sample.value)]
