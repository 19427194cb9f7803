"""What there is to choose from: all runs, in words and for overlapping threads; all profiles."""

from __future__ import annotations

import math
import threading
from pathlib import Path

from engine import hub, profiles
from engine.catalog import Catalog, Row
from engine.text import message_of

_JOBS = {"evaluate": " eval", "predict": " predict"}


class Listing:
    """A catalog that one thread at a time reads."""

    def __init__(self, root: Path) -> None:
        self._catalog = Catalog(root)
        self._lock = threading.Lock()

    def rows(self, limit: int | None = None) -> list[Row]:
        """The newest runs first. Blocks; call it from a thread."""
        with self._lock:
            return self._catalog.rows(limit)


def strategy_of(row: Row) -> str:
    """The strategy; for an adapter, whether it was trained or only evaluated."""
    job = row.settings.job
    if job == "evaluate" and row.settings.strategy != "qlora":
        return row.settings.strategy  # there is nothing else that such a run could do
    return row.settings.strategy + _JOBS.get(job, "")


def perplexity_of(row: Row) -> float:
    """On the run's test file; nan if it was not scored yet."""
    return row.summary.score.perplexity if row.summary.score else math.nan


def profile_choices() -> list[tuple[str, str]]:
    """All profiles as name and line; one that is broken is listed with its mistake."""
    choices = []
    for path in profiles.list_files():
        try:
            profile = profiles.load(path)
            state = hub.state(profile.model.path, profile.model.revision)
            title = profile.title if state == "here" else f"({state}) {profile.title}"
        except Exception as error:
            title = f"broken: {message_of(error)}"
        choices.append((path.stem, f"{path.stem:<24} {title}".rstrip()))
    return choices
