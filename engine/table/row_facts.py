"""What a row of the table tells, for columns and for all others that show a run in a line."""

from __future__ import annotations

import math
from pathlib import Path

from engine.language import figures
from engine.language.file_names import split
from engine.language.said import Joined, Words
from engine.prompts import strategies
from engine.run import words as wording
from engine.run.summary import Status
from engine.table.catalog import Row

_JOBS = {"evaluate": " eval", "predict": " predict"}


def strategy_of(row: Row) -> str:
    """The strategy with its examples; for an adapter, whether it was trained or only evaluated."""
    return row.settings.strategy_in_full + job_of(row)


def job_of(row: Row) -> str:
    """What it does with its strategy where that could be more than one thing; else empty."""
    settings = row.settings
    if settings.job == "evaluate" and not strategies.get(settings.strategy).trains:
        return ""  # there is nothing else that such a run could do
    return _JOBS.get(settings.job, "")


def perplexity_of(row: Row) -> float:
    """On the run's test file; nan if it was not scored yet."""
    score = row.summary.score
    return score.perplexity if score else math.nan


def status_of(row: Row) -> Words:
    """`● running 23%`."""
    summary = row.summary
    words = Joined(" ", (summary.status.symbol, wording.standing(summary)))
    if summary.status is not Status.RUNNING:
        return words
    done, of = summary.step, summary.steps
    if not of:
        done, of = summary.phase_done, summary.phase_of
    return Joined(" ", (words, figures.progress(done, of))) if of else words


def is_worse_in_the_end(row: Row) -> bool:
    """Has it ended, and does it score worse than the untuned model?"""
    return row.summary.status.ended and row.summary.is_worse


def test_name(row: Row) -> str:
    """The name of the file that was scored."""
    file = row.settings.data.get("test")
    return ",".join(Path(part).name for part in split(file.path)) if file else ""
