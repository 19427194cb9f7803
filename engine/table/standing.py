"""Runs as they stand: those of each test file apart, runs that differ in seeds alone together."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from engine.language.figures import number
from engine.language.said import Said, Words
from engine.run.settings import DataFile
from engine.table import score_table
from engine.table.catalog import Row
from engine.table.row_facts import perplexity_of
from engine.table.same_test import by_test_file


@dataclass(frozen=True)
class Entry:
    """A run, or several that differ in their seeds alone."""

    rows: tuple[Row, ...]

    @property
    def is_seeded(self) -> bool:
        """Are there several?"""
        return len(self.rows) > 1

    @cached_property
    def value(self) -> float:
        """Mean perplexity; nan if any has none."""
        return statistics.fmean(map(perplexity_of, self.rows))

    @property
    def strategy(self) -> Words:
        """`qlora × 3 seeds`."""
        strategy = self.rows[0].settings.strategy_in_full
        return Said("{strategy} × {count} seeds", strategy=strategy, count=len(self.rows))

    def cells(self, best: float, digits: int = 2) -> list[str]:
        """Mean ± standard deviation of what `score_table.cells` shows of a run."""
        values = [score_table.values(row) for row in self.rows]
        columns = [
            spread(column, 2 if at < 5 else digits) for at, column in enumerate(zip(*values))
        ]
        of_best = score_table.of_best(self.value, best)
        return [columns[0] + self.rows[0].settings.mark, of_best, *columns[1:]]


@dataclass(frozen=True)
class Standing:
    """The runs that were scored on one file, the best first."""

    file: DataFile | None
    entries: tuple[Entry, ...]

    @property
    def rows(self) -> list[Row]:
        """All runs in order."""
        return [row for entry in self.entries for row in entry.rows]

    @property
    def best(self) -> float:
        """The lowest perplexity of a run."""
        return score_table.best_of(self.rows)


def standings(rows: Iterable[Row]) -> list[Standing]:
    """By test file, that of most runs first: numbers on different items have no order."""
    found = [
        Standing(group[0].settings.data.get("test"), _entries(group))
        for group in by_test_file(rows).values()
    ]
    return sorted(found, key=lambda one: -len(one.rows))


def _entries(rows: Sequence[Row]) -> tuple[Entry, ...]:
    return tuple(sorted(seeded(rows), key=_worth(lambda entry: entry.value)))


def seeded(rows: Iterable[Row]) -> list[Entry]:
    """Runs that differ in their seeds alone together, where the first of them stood."""
    alike: dict[str, list[Row]] = {}
    for row in rows:
        alike.setdefault(_but_for_seeds(row), []).append(row)
    entries: list[Entry] = []
    for group in alike.values():
        group.sort(key=_worth(perplexity_of))
        is_seeded = len({seeds_of(row) for row in group}) == len(group)
        scored = all(row.summary.score for row in group)
        if is_seeded and scored:
            entries.append(Entry(tuple(group)))
        else:
            entries += [Entry((row,)) for row in group]
    return entries


def _worth(value: Callable[[Any], float]) -> Callable[[Any], tuple[bool, float]]:
    """A key for sorting: the lowest first, what has none last."""
    return lambda one: (math.isnan(value(one)), value(one))


def _but_for_seeds(row: Row) -> str:
    """All that decides a run's result, seeds and what they draw left out."""
    settings = row.settings
    profile = msgspec.to_builtins(settings.profile)
    for table, key in (("training", "seed"), ("few_shot", "seed"), ("data", "validation_seed")):
        profile[table].pop(key)
    files = {part: file.sha256 for part, file in settings.data.items() if part != "validation"}
    origin = settings.adapter_run, settings.checkpoint
    return json.dumps([settings.job, settings.strategy, profile, files, origin], sort_keys=True)


def seeds_of(row: Row) -> tuple[int, ...]:
    """Training's, of few-shot examples, of the validation pairs that were set aside."""
    profile = row.settings.profile
    return profile.training.seed, profile.few_shot.seed, profile.data.validation_seed


def seed_in_words(row: Row, among: Sequence[Row]) -> Said:
    """`seed 42`, of the seeds that differ among runs."""
    differing = [at for at, values in enumerate(zip(*map(seeds_of, among))) if len(set(values)) > 1]
    own = dict.fromkeys(str(seeds_of(row)[at]) for at in differing)
    return Said("seed {seed}", seed="/".join(own))


def spread(values: Sequence[float], digits: int = 2) -> str:
    """`8.60 ± 0.12`: mean and standard deviation of a sample; `–` where a value is missing."""
    if not all(map(math.isfinite, values)):
        return "–"
    mean = number(statistics.fmean(values), digits)
    if len(values) < 2:
        return mean
    return f"{mean} ± {number(statistics.stdev(values), digits)}"
