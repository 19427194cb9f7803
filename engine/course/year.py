"""The course by year: its models, limits, packages, and what others reached; a file a year."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from msgspec import Struct, convert

from engine.language.errors import UserError
from engine.machine import reading
from engine.prompts.strategies import QLORA

_FOLDER = Path(__file__).resolve().parent / "years"


class Model(Struct, frozen=True, forbid_unknown_fields=True):
    """A base model that the course names."""

    model: str
    """Its hub id."""
    profile: str
    """The profile of ours that tunes it."""


class Result(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What somebody reached on the public test set, and says how."""

    model: str
    perplexity: float
    strategy: str = QLORA.name
    by: str
    """Owner or repository on GitHub."""
    how: str


class CourseYear(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The rules of one year."""

    year: int = 0
    """Taken from the file's name."""
    homework: str
    base: Model
    bonus: Model
    download_limit: int
    """Bytes that download.sh may fetch."""
    memory_limit: int
    """Bytes of the test machine's GPU."""
    time_limit: int
    """Seconds that run.sh may take."""
    packages: dict[str, str]
    """Of the grader: name to version, as pip takes it."""
    baselines: dict[str, float] = {}
    """Perplexity to be beaten, by test set; empty where none was published."""
    results: list[Result] = []

    @property
    def models(self) -> tuple[Model, Model]:
        return (self.base, self.bonus)


def years() -> list[int]:
    """The years that are known, the newest first."""
    return sorted((int(path.stem) for path in _FOLDER.glob("*.toml")), reverse=True)


@cache
def get(year: int) -> CourseYear:
    """The rules of a year. Raises UserError."""
    if year not in years():
        raise UserError(
            "the course of {year} is not known; known are {known}",
            year=str(year),
            known=", ".join(map(str, years())),
        )
    table = reading.toml(reading.read_text(_FOLDER / f"{year}.toml"))
    return convert({**table, "year": year}, CourseYear)


def newest() -> CourseYear:
    return get(years()[0])


def of_model(name: str) -> CourseYear:
    """The year that has a base model, by its hub id or a folder named like it; else the newest."""
    for year in map(get, years()):
        if any(is_model(known, name) for known in year.models):
            return year
    return newest()


def is_model(known: Model, name: str) -> bool:
    """Is a base model, by its hub id or a folder named like it, the one that the course names?"""
    return _last_part(known.model) == _last_part(name)


def _last_part(name: str) -> str:
    return name.lower().rstrip("/").rsplit("/", 1)[-1]
