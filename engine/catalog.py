"""The table of all runs: one row each, read again only where something was appended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import runs
from engine.errors import RunError
from engine.judgement import value
from engine.runs import Run, RunSettings
from engine.summary import Summary
from engine.text import number

PEEKED = "* The checkpoint was chosen on the test file: the score is optimistic."


@dataclass(frozen=True)
class Row:
    """A run as the table shows it."""

    run: Run
    settings: RunSettings
    summary: Summary

    @property
    def perplexity_text(self) -> str:
        """The perplexity with its mark, if it has one (see PEEKED)."""
        score = self.summary.score
        mark = "*" if score and self.settings.chosen_on_test else ""
        return number(score.perplexity if score else None) + mark

    def as_dict(self) -> dict[str, Any]:
        """The machine-readable row of `yiwen runs --json`."""
        score, judged = self.summary.score, self.summary.judgement
        return {
            "id": self.run.id,
            "status": self.summary.status.value,
            "job": self.settings.job,
            "profile": self.settings.profile.name,
            "strategy": self.settings.strategy,
            "created": self.settings.created,
            "perplexity": finite(score.perplexity) if score else None,
            "perplexity_corpus": finite(score.perplexity_corpus) if score else None,
            "bleu": finite(value(judged.bleu)) if judged else None,
            "chrf": finite(value(judged.chrf)) if judged else None,
            "loss": finite(self.summary.loss),
            "steps": self.summary.step,
            "seconds": finite(self.summary.seconds),
            "chosen_on_test": self.settings.chosen_on_test,
            "adapter_run": self.settings.adapter_run or None,
        }


def finite(number: float) -> float | None:
    """The number, or None for nan and infinity, which JSON lacks."""
    return number if abs(number) < float("inf") else None


class Catalog:
    """Lists a runs folder again and again at little cost. Not for use from two threads at once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._ended: dict[str, tuple[tuple[int, int], Row]] = {}

    def rows(self, limit: int | None = None) -> list[Row]:
        """The newest runs first; folders that cannot be read are left out."""
        rows = []
        for run in runs.list_all(self.root)[:limit]:
            try:
                rows.append(self._row(run))
            except RunError:
                continue
        return rows

    def _row(self, run: Run) -> Row:
        stamp = _stamp(run.events_path)
        known = self._ended.get(run.id)
        if known and known[0] == stamp:
            return known[1]
        row = Row(known[1].run if known else run, run.settings, run.summary())
        if row.summary.ended:
            self._ended[run.id] = (stamp, row)
        return row


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return (status.st_size, status.st_mtime_ns)
