"""What there is to choose from: all runs, in words and for overlapping threads; all profiles."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from engine.language.plain_text import message_of, width
from engine.language.texts import _
from engine.models import hub
from engine.profile import files
from engine.run.words import model_state
from engine.table.catalog import Catalog, Row, Trouble
from engine.table.row_facts import perplexity_of, strategy_of

__all__ = ["Listing", "perplexity_of", "profile_choices", "strategy_of"]

_NAME_WIDTH = 24


class Listing:
    """A catalog that one thread at a time reads."""

    def __init__(self, root: Path) -> None:
        self._catalog = Catalog(root)
        self._lock = threading.Lock()

    def rows(self, limit: int | None = None) -> list[Row]:
        """The newest runs first. Blocks; call it from a thread."""
        with self._lock:
            return self._catalog.rows(limit)

    def troubles(self) -> list[Trouble]:
        """Runs missing in the latest listing; reasons name a place in the runs folder."""
        folder = f"{self._catalog.root}{os.sep}"
        return [
            Trouble(trouble.run, str(trouble.reason).replace(folder, ""))
            for trouble in self._catalog.troubles
        ]

    def forget(self, run_id: str) -> None:
        """Read a run anew the next time. Blocks; call it from a thread."""
        with self._lock:
            self._catalog.forget(run_id)


def profile_choices() -> list[tuple[str, str]]:
    """All profiles as name and line; one that is broken is listed with its mistake."""
    choices = []
    for path in files.list_all():
        try:
            profile = files.load(path)
            state = hub.state(profile.model.path, profile.model.revision)
            title = profile.title
            if state != "here":
                title = _("({state}) {title}").format(state=model_state(state), title=title)
        except Exception as error:
            title = _("broken: {error}").format(error=message_of(error))
        gap = " " * (_NAME_WIDTH - width(path.stem))
        choices.append((path.stem, f"{path.stem}{gap} {title}".rstrip()))
    return choices
