"""What a row of the table of runs says, how rows are ordered, and which ones a filter finds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from engine import text
from engine.catalog import Row
from engine.judgement import value
from engine.summary import Status
from tui.listing import perplexity_of, strategy_of

Rank = str | float | None


@dataclass(frozen=True)
class RunColumn:
    """One column, the more important ones first in COLUMNS."""

    key: str
    label: str
    text: Callable[[Row], str]
    rank: Callable[[Row], Rank]
    """What is sorted by; None sorts last in both orders."""
    title: str
    """For the list of columns to sort by."""
    right: bool = False
    falling: bool = False
    """Is the greatest first of most use?"""
    widest: int = 40


@dataclass(frozen=True)
class Order:
    """The order of the rows."""

    key: str = "created"
    reverse: bool = True

    def by(self, key: str) -> Order:
        """Order by a column, in the direction of most use; turned round if it was that already."""
        if key == self.key:
            return self.reversed()
        return Order(key, COLUMNS[key].falling)

    def reversed(self) -> Order:
        """The same the other way round."""
        return Order(self.key, not self.reverse)

    @property
    def arrow(self) -> str:
        """Greatest first: down."""
        return "▾" if self.reverse else "▴"

    def sort(self, rows: Iterable[Row]) -> list[Row]:
        """The rows in this order; those without a value last, ties as they were."""
        rank = COLUMNS[self.key].rank
        ranked = [(rank(row), row) for row in rows]
        known = [(value, row) for value, row in ranked if value is not None]
        known.sort(key=lambda pair: pair[0], reverse=self.reverse)
        return [row for _, row in known] + [row for value, row in ranked if value is None]


def matching(rows: Iterable[Row], words: str) -> list[Row]:
    """The rows in which every word occurs: in id, profile, strategy, job or status."""
    wanted = words.casefold().split()
    return [row for row in rows if all(word in _searched(row) for word in wanted)]


def _searched(row: Row) -> str:
    settings = row.settings
    parts = (row.run.id, settings.profile.name, strategy_of(row), row.summary.status.value)
    return " ".join(parts).casefold()


def status_of(row: Row) -> str:
    """`● running 23%`."""
    summary = row.summary
    words = f"{summary.status.symbol} {summary.status.value}"
    if summary.status is not Status.RUNNING:
        return words
    done, of = (summary.step, summary.steps) if summary.steps else _phase(row)
    return f"{words} {100 * done // of}%" if of else words


def _phase(row: Row) -> tuple[int, int]:
    return row.summary.phase_done, row.summary.phase_of


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _bleu(row: Row) -> float:
    judged = row.summary.judgement
    return value(judged.bleu) if judged else math.nan


def _chrf(row: Row) -> float:
    judged = row.summary.judgement
    return value(judged.chrf) if judged else math.nan


_LIST = (
    RunColumn("status", "status", status_of,
              lambda row: list(Status).index(row.summary.status), "status, running first"),
    RunColumn("profile", "profile", lambda row: row.settings.profile.name,
              lambda row: row.settings.profile.name.casefold(), "profile", widest=18),
    RunColumn("strategy", "strategy", strategy_of, strategy_of, "strategy", widest=17),
    RunColumn("perplexity", "ppl", lambda row: text.number(perplexity_of(row)),
              lambda row: _known(perplexity_of(row)), "perplexity, best first", right=True),
    RunColumn("loss", "loss", lambda row: text.number(row.summary.loss, 3),
              lambda row: _known(row.summary.loss), "training loss, lowest first", right=True),
    RunColumn("time", "time", lambda row: text.clock(row.summary.seconds),
              lambda row: _known(row.summary.seconds), "time taken, longest first",
              right=True, falling=True),
    RunColumn("created", "created", lambda row: row.settings.created[5:16].replace("T", " "),
              lambda row: row.settings.created, "created, newest first", falling=True),
    RunColumn("id", "id", lambda row: row.run.id, lambda row: row.run.id, "id"),
    RunColumn("bleu", "BLEU", lambda row: text.number(_bleu(row), 1),
              lambda row: _known(_bleu(row)), "BLEU, highest first", right=True, falling=True),
    RunColumn("chrf", "chrF", lambda row: text.number(_chrf(row), 1),
              lambda row: _known(_chrf(row)), "chrF, highest first", right=True, falling=True),
)  # fmt: skip
COLUMNS = {column.key: column for column in _LIST}
