"""What must hold of a run after a fault, and after it was resumed: each finds what was lost."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from engine.cli import main
from engine.run.events import Evaluated, Event, Saved, Step, Unknown
from engine.run.folder import Run
from engine.run.summary import Status
from engine.run.tail import Tail

_OF_A_LOCK = re.compile(r"\.*(worker|scheduler)(\.lock|-\d+\.json)")
"""Files that say who works, or once did."""
_STATE = "/trainer.safetensors"
"""Of a checkpoint that is no longer resumed: if not this save, the next one removes it."""


@dataclass(frozen=True)
class Whole:
    """A run that nothing disturbed; all others are held to it."""

    run: Run

    @cached_property
    def losses(self) -> dict[int, float]:
        return losses(self.run)

    @cached_property
    def scores(self) -> dict[tuple[str, int], float]:
        return scores(self.run)

    @cached_property
    def files(self) -> dict[str, bytes]:
        """All but those that tell of times; of checkpoints, those that stay."""
        return contents(self.run.folder)


def written(run: Run) -> list[Event]:
    return list(Tail(run.events_path).rest())


def losses(run: Run) -> dict[int, float]:
    """By step; of a step that was done twice, the later."""
    return {event.step: event.loss for event in written(run) if isinstance(event, Step)}


def scores(run: Run) -> dict[tuple[str, int], float]:
    """Perplexity by part and step."""
    found = [event for event in written(run) if isinstance(event, Evaluated)]
    return {(event.part, event.step): event.score.perplexity for event in found}


def contents(folder: Path) -> dict[str, bytes]:
    """What every file of a run's folder holds, by its path; but who works on it."""
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not _OF_A_LOCK.match(path.name):
            with contextlib.suppress(FileNotFoundError):  # somebody is at work there
                found[str(path.relative_to(folder))] = path.read_bytes()
    return found


def after_fault(run: Run, whole: Whole, reason: str) -> Iterator[str]:
    """What is wrong with a run whose worker met a fault and is gone.

    `reason` is a word of what must be said of it, if it has failed.
    """
    summary = run.summary()
    if run.alive():
        yield "its lock is still held"
    said = "".join(command("show", str(run.folder)))
    if "Traceback" in said or run.id not in said:
        yield f"`yiwen show` says {said!r}"
    table = "".join(command("runs", "--runs", str(run.root)))
    if run.id not in table or summary.status.value not in table:
        yield f"`yiwen runs` says {table!r}"
    if summary.status is Status.FINISHED:
        return
    if summary.status not in (Status.FAILED, Status.INTERRUPTED):
        yield f"it is {summary.status.value}"
    if "message" not in said:
        yield f"`yiwen show` does not say why it is {summary.status.value}"
    if summary.status is Status.FAILED and reason not in str(summary.message):
        yield f"'{reason}' is not said: {summary.message}"
    yield from _torn(run)
    yield from _missing(run, whole)


def after_resume(run: Run, whole: Whole) -> Iterator[str]:
    """What is wrong with a run that a second worker has brought to its end."""
    summary = run.summary()
    if summary.status is not Status.FINISHED:
        yield f"resumed, it is {summary.status.value}: {summary.message}"
        return
    if (found := losses(run)) != whole.losses:
        yield f"losses {found}, not {whole.losses}"
    if (seen := scores(run)) != whole.scores:
        yield f"scores {seen}, not {whole.scores}"
    yield from _missing(run, whole)
    files = contents(run.folder)
    strange = [name for name in set(files) ^ set(whole.files) if not name.endswith(_STATE)]
    if strange:
        yield f"files {sorted(strange)} are there, or are not"
    for name in sorted(set(files) & set(whole.files)):
        if name.endswith("adapter_model.safetensors") and files[name] != whole.files[name]:
            yield f"{name} is another"


def _torn(run: Run) -> Iterator[str]:
    """A torn line may be the last alone."""
    strange = [event for event in written(run) if isinstance(event, Unknown)]
    if len(strange) > 1:
        yield f"lines cannot be read: {[event.line for event in strange]}"


def _missing(run: Run, whole: Whole) -> Iterator[str]:
    """Checkpoints that an event has named, and that are not there whole."""
    for event in written(run):
        if isinstance(event, Saved):
            for name in ("adapter_model.safetensors", "adapter_config.json", "trained_with.json"):
                path = f"checkpoints/{event.checkpoint}/{name}"
                file = run.folder / path
                if not file.is_file():
                    yield f"{path} was saved, and is not there"
                elif file.read_bytes() != whole.files[path]:
                    yield f"{path} is another"


@dataclass
class _Said:
    out: io.StringIO = field(default_factory=io.StringIO)
    err: io.StringIO = field(default_factory=io.StringIO)


def command(*arguments: str) -> tuple[str, str]:
    """What a command of the command line prints, and what it complains of."""
    said = _Said()
    with contextlib.redirect_stdout(said.out), contextlib.redirect_stderr(said.err):
        main(arguments)
    return said.out.getvalue(), said.err.getvalue()
