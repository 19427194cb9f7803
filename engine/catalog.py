"""The table of all runs: one row each, read again only where something was appended."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import msgspec

from engine import runs
from engine.errors import RunError
from engine.runs import Run, RunSettings
from engine.scores.judgement import value
from engine.summary import Summary
from engine.table import notes
from engine.table.notes import Notes
from engine.text import number

T = TypeVar("T")
_Stamp = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Row:
    """A run as the table shows it."""

    run: Run
    settings: RunSettings
    summary: Summary
    notes: Notes = notes.NONE

    @property
    def perplexity_text(self) -> str:
        """The perplexity with its mark, if it has one (see PEEKED)."""
        score = self.summary.score
        return number(score.perplexity) + self.settings.mark if score else number(None)

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
            "name": self.notes.name,
            "tags": list(self.notes.tags),
            "note": self.notes.note,
        }


def finite(number: float) -> float | None:
    """The number, or None for nan and infinity, which JSON lacks."""
    return number if abs(number) < float("inf") else None


class Catalog:
    """Lists a runs folder again and again at little cost. Not for use from two threads at once.

    The newest runs and those at work are looked at each time, the others only now and then.
    """

    FRESH: ClassVar[int] = 100
    SWEEP_SECONDS: ClassVar[float] = 30.0

    def __init__(self, root: Path) -> None:
        self.root = root
        self.troubles: list[str] = []
        """Why runs are missing in the latest listing: a sentence each, with file and place."""
        self._runs: list[Run] = []
        self._listed = (-1, -1)
        """When the folder had changed last, at the latest listing."""
        self._swept = -math.inf
        self._known: dict[str, tuple[_Stamp, Row]] = {}
        self._shared: dict[bytes, Any] = {}

    def rows(self, limit: int | None = None) -> list[Row]:
        """The newest runs first; those that cannot be read are left out, and told in `troubles`."""
        changed = _changed(self.root)
        sweep = time.monotonic() - self._swept > self.SWEEP_SECONDS or changed != self._listed
        if sweep:
            self._list(changed)
        rows, troubles = [], []
        for at, run in enumerate(self._runs[:limit]):
            known = self._known.get(run.id)
            if known and not sweep and at >= self.FRESH and not known[1].summary.status.active:
                rows.append(known[1])
                continue
            try:
                rows.append(self._row(run))
            except RunError as error:
                if (run.folder / "run.toml").is_file():  # else it is no run
                    troubles.append(str(error))
        self.troubles = troubles
        if sweep and (limit is None or limit >= len(self._runs)):
            self._swept = time.monotonic()
        return rows

    def forget(self, run_id: str) -> None:
        """Look at a run again the next time, wherever it stands."""
        self._known.pop(run_id, None)

    def _list(self, changed: tuple[int, int]) -> None:
        self._runs = runs.list_folders(self.root)
        there = {run.id for run in self._runs}
        self._known = {key: value for key, value in self._known.items() if key in there}
        self._listed = changed

    def _row(self, run: Run) -> Row:
        stamp = _changed(run.events_path), _changed(run.folder / notes.FILE)
        known = self._known.get(run.id)
        if known and known[0] == stamp and known[1].summary.ended:
            return known[1]
        # Of a fresh Run: one that has read its settings keeps them, whole.
        settings = known[1].settings if known else self._slim(Run(run.folder).settings)
        row = Row(run, settings, self._slim_summary(run), notes.read(run.folder))
        self._known[run.id] = (stamp, row)
        return row

    def _slim(self, settings: RunSettings) -> RunSettings:
        """Settings that share what they have in common with those of other runs.

        Ten thousand runs would else hold ten thousand copies of a few profiles.
        """
        return msgspec.structs.replace(
            settings,
            profile=self._one_copy(settings.profile),
            data=self._one_copy(settings.data),
            versions=self._one_copy(settings.versions),
            examples=self._one_copy(settings.examples),
        )

    def _slim_summary(self, run: Run) -> Summary:
        summary = run.summary()
        summary.definition = self._one_copy(summary.definition)
        return summary

    def _one_copy(self, value: T) -> T:
        key: bytes = msgspec.json.encode(value)
        copy: T = self._shared.setdefault(key, value)
        return copy


def _changed(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return (status.st_size, status.st_mtime_ns)
