"""The table of all runs: one row each, read again only where something was appended."""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from engine.language.errors import RunError
from engine.language.figures import number
from engine.language.said import Said, Words
from engine.machine.files import trace_of
from engine.run import notes, runs_folder
from engine.run.folder import Run
from engine.run.judgement import metric_values
from engine.run.notes import Notes
from engine.run.settings import RunSettings
from engine.run.summary import Status, Summary
from engine.table.packing import pack, unpack


class Row(Struct, frozen=True, gc=False):
    """A run as the table shows it.

    The catalog keeps summaries packed: whole ones of ten thousand runs would take 70 MB.
    """

    run: Run
    settings: RunSettings
    kept: Summary | bytes
    notes: Notes = notes.NONE

    @property
    def summary(self) -> Summary:
        """Status, progress and result; in a row of the catalog, what columns show of them."""
        return unpack(self.kept) if isinstance(self.kept, bytes) else self.kept

    def whole(self) -> Row:
        """The row with all that its folder says of the result. Raises RunError."""
        return Row(self.run, self.settings, self.run.summary(), self.notes)

    @property
    def perplexity_text(self) -> str:
        """The perplexity with its mark, if it has one (see PEEKED)."""
        score = self.summary.score
        return number(score.perplexity) + self.settings.mark if score else number(None)

    def as_dict(self) -> dict[str, Any]:
        """The machine-readable row of `yiwen runs --json`."""
        summary = self.summary
        score = summary.score
        return {
            "id": self.run.id,
            "status": summary.status.value,
            "job": self.settings.job,
            "profile": self.settings.profile.name,
            "strategy": self.settings.strategy,
            "created": self.settings.created,
            "perplexity": finite(score.perplexity) if score else None,
            "perplexity_corpus": finite(score.perplexity_corpus) if score else None,
            "perplexity_validation": finite(summary.validation),
            "perplexity_untuned": finite(summary.untuned),
            "worse_than_untuned": summary.is_worse,
            "chosen_by": self.settings.chosen_by or None,
            **{name: finite(one) for name, one in metric_values(summary.judgement).items()},
            "loss": finite(summary.loss),
            "steps": summary.step,
            "steps_skipped": summary.skipped,
            "seconds": finite(summary.seconds),
            "chosen_on_test": self.settings.chosen_on_test,
            "adapter_run": self.settings.adapter_run or None,
            "name": self.notes.name,
            "tags": list(self.notes.tags),
            "note": self.notes.note,
        }


def finite(number: float) -> float | None:
    """The number, or None for nan and infinity, which JSON lacks."""
    return number if abs(number) < float("inf") else None


class Trouble(Struct, frozen=True):
    """A run that cannot be read."""

    run: Run
    reason: Words
    """A sentence with file and place."""


class _Known(Struct, frozen=True, gc=False):
    """What was found in a folder, and what the folder looked like then."""

    stamp: int
    row: Row
    status: Status


class Catalog:
    """Lists a runs folder again and again at little cost. Not for use from two threads at once.

    The newest runs and those at work are looked at each time, the others only now and then. A row
    holds what the table shows; all that was said of a result is read from the run's folder.
    """

    FRESH: ClassVar[int] = 100
    SWEEP_SECONDS: ClassVar[float] = 30.0

    def __init__(self, root: Path) -> None:
        self.root = root
        self.troubles: list[Trouble] = []
        """The runs that are missing in the latest listing."""
        self._runs: list[Run] = []
        self._listed = (-1, -1)
        """When the folder had changed last, at the latest listing."""
        self._swept = -math.inf
        self._known: dict[str, _Known] = {}
        self._shared: dict[bytes, Any] = {}

    def rows(self, limit: int | None = None) -> list[Row]:
        """The newest runs first; those that cannot be read are left out, and told in `troubles`."""
        changed = trace_of(self.root)
        sweep = time.monotonic() - self._swept > self.SWEEP_SECONDS or changed != self._listed
        if sweep:
            self._list(changed)
        rows, troubles = [], []
        for at, run in enumerate(self._runs[:limit]):
            known = self._known.get(run.id)
            if known and not sweep and at >= self.FRESH and not known.status.active:
                rows.append(known.row)
                continue
            try:
                rows.append(self._row(run))
            except RunError as error:
                if run.exists() or run.is_private():  # else it is no run
                    troubles.append(Trouble(run, error.said))
            except OSError as error:  # a file in it that is another user's alone
                reason = Said(
                    "{path}: cannot be read: {reason}", path=error.filename, reason=error.strerror
                )
                troubles.append(Trouble(run, reason))
        self.troubles = troubles
        if sweep and (limit is None or limit >= len(self._runs)):
            self._swept = time.monotonic()
        return rows

    def forget(self, run_id: str) -> None:
        """Look at a run again the next time, wherever it stands."""
        self._known.pop(run_id, None)

    def _list(self, changed: tuple[int, int]) -> None:
        listed = runs_folder.list_folders(self.root)
        self._known = {run.id: self._known[run.id] for run in listed if run.id in self._known}
        self._runs = [
            self._known[run.id].row.run if run.id in self._known else run for run in listed
        ]
        self._listed = changed

    def _row(self, run: Run) -> Row:
        stamp = hash((trace_of(run.events_path), trace_of(run.folder / notes.FILE)))
        known = self._known.get(run.id)
        if known and known.stamp == stamp and known.status.ended:
            return known.row
        settings = known.row.settings if known else self._slim(run.id, run.read_settings())
        summary = run.summary()
        row = Row(run, settings, pack(summary), notes.read(run.folder))
        self._known[run.id] = _Known(stamp, row, summary.status)
        return row

    def _slim(self, run_id: str, settings: RunSettings) -> RunSettings:
        """Settings that share what they have in common with those of other runs.

        Ten thousand runs would else hold ten thousand copies of a few profiles.
        """
        own: dict[str, Any] = {
            "id": run_id if settings.id == run_id else settings.id,
            "created": settings.created,
        }
        shared = {
            name: self._one_copy(getattr(settings, name))
            for name in settings.__struct_fields__
            if name not in own
        }
        return RunSettings(**own, **shared)

    def _one_copy(self, value: Any) -> Any:
        if isinstance(value, str):
            return sys.intern(value)
        try:
            return self._shared.setdefault(msgspec.json.encode(value), value)
        except (OverflowError, RecursionError):  # a number, or a nesting, that JSON cannot hold
            return value
