"""Learning curves out of runs' events, as numbers and as CSV."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from engine.language import sheets
from engine.run.events import Evaluated
from engine.run.folder import Run
from engine.run.history import read_history
from engine.run.steps import Steps


@dataclass
class Point:
    """Where a run stood after so many optimizer steps."""

    step: int
    test: float = math.nan
    """Perplexity of the test file, macro, like `validation`."""
    test_corpus: float = math.nan
    validation: float = math.nan
    loss: float = math.nan
    """Of training: the mean since the point before, nats a scored token."""
    seconds: float = math.nan
    """Since the run began."""


@dataclass(frozen=True)
class Curve:
    """The points of one run, by step."""

    run: str
    label: str
    steps: int
    """Of the whole run."""
    points: list[Point]


def read(run: Run) -> Curve | None:
    """The learning curve of a run; None if it has none."""
    if run.settings.job != "train":
        return None
    history = read_history(run.events_path)
    points = {step: Point(step, seconds=seconds) for step, seconds in history.reached.items()}
    for scored in history.scores:
        _enter(points[scored.step], scored)
    ordered = [points[step] for step in sorted(points)]
    _enter_losses(ordered, history.steps)
    label = f"{run.settings.profile.name} {run.settings.strategy}"
    return Curve(run.id, label, history.planned, ordered) if ordered else None


def _enter(point: Point, event: Evaluated) -> None:
    if event.part == "test":
        point.test = event.score.perplexity
        point.test_corpus = event.score.perplexity_corpus
    elif event.part == "validation":
        point.validation = event.score.perplexity


def _enter_losses(points: Sequence[Point], steps: Steps) -> None:
    before = 0
    for point in points:
        at = bisect_right(steps.numbers, point.step)
        since = steps.columns["loss"][before:at]
        point.loss = fmean(since) if since else math.nan
        before = at


def as_csv(curves: Sequence[Curve]) -> str:
    """All points, one a line; what is not known stays empty."""
    header = ["run", "step", "of", "test_perplexity", "test_perplexity_corpus",
              "validation_perplexity", "training_loss", "seconds"]  # fmt: skip
    lines: list[list[sheets.Cell]] = []
    for curve in curves:
        for point in curve.points:
            values = (point.test, point.test_corpus, point.validation, point.loss, point.seconds)
            shown = ["" if math.isnan(value) else f"{value:.6g}" for value in values]
            lines.append([curve.run, point.step, curve.steps, *shown])
    return sheets.as_csv(header, lines, whole_texts=True)
