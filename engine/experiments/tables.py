"""The report's tables: what others report beside what was measured here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.experiments.series import Reported, Series, Stage
from engine.language.figures import number
from engine.language.said import Said, Words
from engine.report import curves
from engine.report.curves import Curve, Point
from engine.report.markdown import escape
from engine.report.markdown import table as markdown_table
from engine.run.settings import PEEKED
from engine.table.catalog import Row


@dataclass(frozen=True)
class Table:
    """A table in plain words, for a terminal or a page."""

    title: Words
    header: Sequence[Words]
    rows: list[list[str]]
    right: range


def tables(series: Series, stages: Sequence[Stage], rows: Sequence[Row]) -> Iterator[Table]:
    """Strategies, then a learning curve for each run that has one."""
    yield _strategies(series, stages, rows)
    for stage, row in zip(stages, rows):
        curve = curves.read(row.run)
        if curve:
            yield _curve(series, stage, curve)


def notes(series: Series, stages: Sequence[Stage], rows: Sequence[Row]) -> tuple[Said, ...]:
    """What to know of the numbers, and of the comparison where something is compared."""
    peeked = (PEEKED,) if any(row.settings.chosen_on_test for row in rows) else ()
    compared = any(stage.reported.by_strategy for stage in stages)
    return peeked + (series.notes if compared else ())


def as_markdown(series: Series, stages: Sequence[Stage], rows: Sequence[Row]) -> str:
    """All tables, for the head of a report."""
    heading = Said("The report's tables")
    parts = [f"## {heading}"]
    for one in tables(series, stages, rows):
        cells = [[escape(cell) for cell in row] for row in one.rows]
        parts += [
            str(Said("{title}:", title=escape(one.title))),
            markdown_table(one.header, cells, one.right),
        ]
    return "\n\n".join([*parts, *(escape(note) for note in notes(series, stages, rows))])


def _strategies(series: Series, stages: Sequence[Stage], rows: Sequence[Row]) -> Table:
    cells = []
    for stage, row in zip(stages, rows):
        said = stage.reported.by_strategy.get(stage.request.strategy, math.nan)
        score = row.summary.score.perplexity if row.summary.score else math.nan
        times = f"{score / said:.2f}×" if math.isfinite(score / said) else "–"
        name, strategy = stage.profile.name, stage.request.strategy
        cells.append(
            [stage.question, name, strategy, number(said), row.perplexity_text, times, row.run.id]
        )
    header: list[Words] = [
        "",
        Said("model"),
        Said("strategy"),
        series.source,
        Said("measured"),
        Said("of it"),
        Said("run"),
    ]
    return Table(Said("Perplexity of the test file"), header, cells, range(3, 6))


def _curve(series: Series, stage: Stage, curve: Curve) -> Table:
    said = stage.reported
    cells = [
        [
            micro,
            f"{share:.0%}",
            number(value),
            number(at.test if at else None),
            number(at.validation if at else None),
            str(at.step) if at else "–",
        ]
        for micro, share, value, at in _points(said, curve)
    ]
    header: list[Words] = [
        Said("micro-step"),
        Said("of all"),
        series.source,
        Said("measured"),
        Said("validation"),
        Said("at step"),
    ]
    title = Said("Learning curve, {profile}", profile=stage.profile.name)
    return Table(title, header, cells, range(6))


def _points(said: Reported, curve: Curve) -> Iterator[tuple[str, float, float, Point | None]]:
    """The report's points with ours at the same share of training; else ours alone."""
    of = curve.steps or max(point.step for point in curve.points) or 1
    if not said.curve:
        for point in curve.points:
            yield "–", point.step / of, math.nan, point
        return
    end = max(said.curve)
    for micro, value in said.curve.items():
        share = micro / end
        nearest = min(curve.points, key=lambda point: abs(point.step / of - share))
        near = abs(nearest.step / of - share) <= 0.5 / len(said.curve)
        yield f"{micro:,}", share, value, nearest if near else None
