"""Learning curves out of runs' events, as numbers and as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from engine.run import events
from engine.run.events import Evaluated, Step
from engine.run.folder import Run
from engine.run.summary import Summary


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
    points: dict[int, Point] = {}
    losses: dict[int, float] = {}
    summary = Summary()
    for event in events.read_all(run.events_path):
        summary.apply(event)
        if isinstance(event, Step):
            losses[event.step] = event.loss  # of a step that was done twice, the later
        elif isinstance(event, Evaluated) and event.step not in points:
            points[event.step] = Point(event.step, seconds=summary.worked(event.at))
            _enter(points[event.step], event)
        elif isinstance(event, Evaluated):
            _enter(points[event.step], event)
    _enter_losses(points, losses)
    ordered = [points[step] for step in sorted(points)]
    label = f"{run.settings.profile.name} {run.settings.strategy}"
    return Curve(run.id, label, summary.steps, ordered) if ordered else None


def _enter(point: Point, event: Evaluated) -> None:
    if event.part == "test":
        point.test = event.score.perplexity
        point.test_corpus = event.score.perplexity_corpus
    elif event.part == "validation":
        point.validation = event.score.perplexity


def _enter_losses(points: dict[int, Point], losses: dict[int, float]) -> None:
    before = 0
    for step in sorted(points):
        since = [losses[number] for number in range(before + 1, step + 1) if number in losses]
        points[step].loss = fmean(since) if since else math.nan
        before = step


def as_csv(curves: Sequence[Curve]) -> str:
    """All points, one a line; what is not known stays empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["run", "step", "of", "test_perplexity", "test_perplexity_corpus",
                     "validation_perplexity", "training_loss", "seconds"])  # fmt: skip
    for curve in curves:
        for point in curve.points:
            values = (
                point.test, point.test_corpus, point.validation, point.loss, point.seconds
            )  # fmt: skip
            shown = ["" if math.isnan(value) else f"{value:.6g}" for value in values]
            writer.writerow([curve.run, point.step, curve.steps, *shown])
    return out.getvalue()
