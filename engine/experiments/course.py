"""The course's report of a year: its two models, and the best public values of each."""

from __future__ import annotations

from engine.course.year import CourseYear
from engine.experiments.series import Reported, Series
from engine.language.figures import number
from engine.language.said import Said, labelled


def of_year(year: CourseYear) -> Series:
    """The report's questions on a year's models, by the profiles that tune them."""
    best: dict[str, Reported] = {}
    for result in sorted(year.results, key=lambda one: one.perplexity, reverse=True):
        best.setdefault(result.model, Reported({})).by_strategy[result.strategy] = result.perplexity
    return Series(
        name=f"course-{year.year}",
        profiles=tuple(known.profile for known in year.models),
        by_model=best,
        source=Said("public best"),
        notes=tuple(_notes(year)),
    )


def _notes(year: CourseYear) -> list[Said]:
    said = [
        Said(
            "The public bests are of the course's public test set, by those who reached them; many "
            "chose their checkpoint on it."
        )
    ]
    if year.baselines:
        values = ", ".join(f"{name} {number(value)}" for name, value in year.baselines.items())
        said.append(labelled(Said("Baselines of {homework}", homework=year.homework), values))
    return said
