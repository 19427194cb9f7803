"""Which runs there are when one sits down: the active one, the latest one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine import runs
from engine.errors import RunError
from engine.language import _
from engine.runs import Run
from engine.text import number, one_line
from engine.waiting import scheduler, waiting_list
from engine.wording import status_word


@dataclass(frozen=True)
class Surroundings:
    """What is in the runs folder."""

    active: Run | None = None
    """The newest run that has a worker."""
    latest: Run | None = None
    description: str = ""
    """The run that is worth a look, in one line."""
    waiting: int = 0
    """Runs in the queue."""


def look_around(root: Path) -> Surroundings:
    """Look through the runs folder; blocks as long as the file system does.

    If runs wait and nobody is there to start them, somebody is from now on.
    """
    scheduler.ensure(root)
    folders = runs.list_folders(root)
    active = runs.newest_active(folders)
    latest = next((run for run in folders if run.exists()), None)
    return Surroundings(active, latest, _described(active or latest), _count_waiting(root))


def _count_waiting(root: Path) -> int:
    try:
        return len(waiting_list.read(root))
    except RunError:  # the queue says what is wrong with it
        return 0


def _described(run: Run | None) -> str:
    if run is None:
        return ""
    summary = run.summary()
    text = f"{one_line(run.id)}  {summary.status.symbol} {status_word(summary.status)}"
    if summary.score is not None:
        value = number(summary.score.perplexity)
        text += "  " + _("test ppl {value}").format(value=value)
    return text
