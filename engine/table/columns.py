"""The columns of the table of runs: what each says, its value for programs, its order."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.language import figures
from engine.language import plain_text as text
from engine.language.errors import UserError
from engine.language.said import Said, Words, listed
from engine.machine.checked_toml import nearest
from engine.run import words as wording
from engine.run.judgement import METRICS, metric_values
from engine.table.catalog import Row
from engine.table.row_facts import (
    is_worse_in_the_end,
    job_of,
    perplexity_of,
    status_of,
    strategy_of,
    test_name,
)

Value = str | int | float | bool | None

_COMMA = re.compile("[,，]")


@dataclass(frozen=True)
class RunColumn:
    """One column."""

    key: str
    label: Words
    """Its heading."""
    title: Words
    """In a list of columns: what it is, and what comes first when sorted by it."""
    value: Callable[[Row], Value]
    """For programs, and what is sorted by; None sorts last in both orders."""
    text: Callable[[Row], Words]
    right: bool = False
    falling: bool = False
    """Is the greatest first of most use?"""
    widest: int = 40

    @property
    def what(self) -> str:
        """The title without what comes first."""
        return _COMMA.split(str(self.title))[0]


def _status_words(row: Row) -> Words:
    """Where it stands, and whether it ended with nothing gained."""
    if is_worse_in_the_end(row):
        return Said("{status}, worse", status=status_of(row))
    return status_of(row)


def _corpus(row: Row) -> float:
    score = row.summary.score
    return score.perplexity_corpus if score else math.nan


def _direction(name: str) -> Callable[[Row], float]:
    def perplexity(row: Row) -> float:
        score = row.summary.directions.get(name)
        return score.perplexity if score else math.nan

    return perplexity


def _words(
    key: str,
    label: Words,
    title: Words,
    say: Callable[[Row], Words],
    *,
    value: Callable[[Row], Value] | None = None,
    falling: bool = False,
    widest: int = 40,
) -> RunColumn:
    def known(row: Row) -> Value:
        return str(say(row)) or None

    return RunColumn(key, label, title, value or known, say, falling=falling, widest=widest)


def _number(
    key: str,
    label: Words,
    title: Words,
    number: Callable[[Row], float],
    *,
    say: Callable[[float], str] = figures.number,
    falling: bool = False,
) -> RunColumn:
    return RunColumn(
        key,
        label,
        title,
        lambda row: _known(number(row)),
        lambda row: say(number(row)),
        right=True,
        falling=falling,
    )


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _metric(key: str) -> RunColumn:
    """A score of the translations."""
    metric = METRICS[key]
    return _number(
        key,
        metric.name,
        metric.title,
        lambda row: metric_values(row.summary.judgement)[key],
        say=lambda value: figures.number(value, 1),
        falling=True,
    )


def _setting(key: str, label: Words, title: Words, read: Callable[[Row], float]) -> RunColumn:
    """A number of the profile that only training uses."""

    def number(row: Row) -> float:
        return read(row) if row.settings.job == "train" else math.nan

    return _number(key, label, title, number, say=_short, falling=True)


def _short(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:g}"


_LIST = (
    _words("status", Said("status"), Said("status, running first"), _status_words,
           value=lambda row: row.summary.status.value),
    _words("profile", Said("profile"), Said("profile"), lambda row: row.settings.profile.name,
           widest=18),
    _words("strategy", Said("strategy"), Said("strategy"), strategy_of,
           value=lambda row: row.settings.strategy + job_of(row), widest=24),
    RunColumn("perplexity", "ppl", Said("perplexity, best first"),
              lambda row: _known(perplexity_of(row)), lambda row: row.perplexity_text, right=True),
    _number("validation", Said("val ppl"), Said("validation perplexity, best first"),
            lambda row: row.summary.validation,
            say=lambda value: "" if math.isnan(value) else figures.number(value)),
    _words("name", Said("name"), Said("name and tags that you gave"), lambda row: row.notes.label,
           widest=28),
    _number("loss", "loss", Said("training loss, lowest first"), lambda row: row.summary.loss,
            say=lambda value: figures.number(value, 3)),
    _number("time", Said("time"), Said("time taken, longest first"),
            lambda row: row.summary.seconds, say=figures.clock, falling=True),
    _words("created", Said("created"), Said("created, newest first"),
           lambda row: row.settings.created[5:16].replace("T", " "),
           value=lambda row: row.settings.created, falling=True),
    _words("id", "id", Said("id"), lambda row: row.run.id, falling=True),
    _number("corpus", Said("corpus"), Said("corpus perplexity, best first"), _corpus),
    _number("to_modern", "文→白", Said("perplexity into modern, best first"),
            _direction("to_modern")),
    _number("to_classical", "白→文", Said("perplexity into Classical, best first"),
            _direction("to_classical")),
    *map(_metric, METRICS),
    _words("test", Said("test"), Said("test file"), test_name, widest=24),
    _words("model", Said("model"), Said("base model"), lambda row: row.settings.profile.model.path,
           widest=30),
    _setting("rank", Said("rank"), Said("rank of the adapter"),
             lambda row: row.settings.profile.lora.rank),
    _setting("epochs", Said("epochs"), Said("epochs asked for"),
             lambda row: row.settings.profile.training.epochs),
    _setting("batch", Said("batch"), Said("pairs a step"),
             lambda row: row.settings.profile.training.batch_size),
    _number("lr", "lr", Said("peak learning rate"),
            lambda row: row.settings.profile.training.learning_rate
            if row.settings.job == "train" else math.nan, say=figures.rate, falling=True),
    _setting("seed", Said("seed"), Said("seed of training"),
             lambda row: row.settings.profile.training.seed),
    _setting("steps", Said("steps"), Said("optimizer steps done"), lambda row: row.summary.step),
    _words("best", Said("best"), Said("best checkpoint"), lambda row: row.summary.best_checkpoint),
    _words("chosen_by", Said("chosen by"), Said("what chose the checkpoint"),
           lambda row: wording.choice_word(row.settings.chosen_by),
           value=lambda row: row.settings.chosen_by or None),
    _number("untuned", Said("untuned"), Said("perplexity of the untuned model"),
            lambda row: row.summary.untuned),
    _words("adapter_of", Said("adapter of"), Said("run whose adapter was scored"),
           lambda row: row.settings.adapter_run),
    _words("host", Said("host"), Said("machine"), lambda row: row.settings.host, widest=16),
    _words("note", Said("note"), Said("note that you wrote"),
           lambda row: text.one_line(row.notes.note)),
)  # fmt: skip
COLUMNS = {column.key: column for column in _LIST}
USUAL = (
    "status", "profile", "strategy", "perplexity", "name", "loss", "validation", "time", "created",
    "id", *METRICS,
)  # fmt: skip
"""What is shown where nothing else was chosen, the more important first."""


def column(key: str) -> RunColumn:
    """A column by its key or heading. Raises UserError."""
    for one in COLUMNS.values():
        if key in (one.key, one.label):
            return one
    known = listed(COLUMNS)
    raise UserError(
        "'{key}' is no column{nearest}; there are: {known}",
        key=key,
        nearest=nearest(key, COLUMNS),
        known=known,
    )


def values(rows: Sequence[Row], keys: Sequence[str]) -> list[list[Value]]:
    """The table for programs: whole numbers, whole dates, None where there is nothing."""
    columns = [COLUMNS[key] for key in keys]
    return [[one.value(row) for one in columns] for row in rows]


def texts(rows: Sequence[Row], keys: Sequence[str]) -> list[list[str]]:
    """The table for people."""
    columns = [COLUMNS[key] for key in keys]
    return [[str(one.text(row)) for one in columns] for row in rows]
