"""Which runs there are when one sits down: the active one, the latest one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.language.errors import RunError
from engine.language.figures import number
from engine.language.plain_text import one_line
from engine.language.texts import _
from engine.machine.files import trace_of
from engine.queue import scheduler
from engine.run import runs_folder, waiting_list
from engine.run.folder import Run
from engine.run.words import status_word


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
    traces: tuple[object, ...] = ()
    """What is quickly looked up and does not change but with the rest."""


def look_around(root: Path) -> Surroundings:
    """Look through the runs folder; blocks as long as the file system does.

    If runs wait and nobody is there to start them, somebody is from now on.
    """
    scheduler.ensure(root)
    folders = runs_folder.list_folders(root)
    active = runs_folder.newest_active(folders)
    latest = next((run for run in folders if run.exists()), None)
    run = active or latest
    traces = _traces(root, run)  # before the rest: what changes meanwhile is looked up again
    return Surroundings(active, latest, _described(run), _count_waiting(root), traces)


def look_again(root: Path, before: Surroundings) -> Surroundings:
    """The same as before if nothing happened, which costs next to nothing."""
    if before.traces == _traces(root, before.active or before.latest):
        return before
    return look_around(root)


def _traces(root: Path, run: Run | None) -> tuple[object, ...]:
    paths = [root, waiting_list.folder_of(root), *([run.events_path] if run else [])]
    return (*map(trace_of, paths), run is not None and run.alive())


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
