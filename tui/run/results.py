"""What an evaluation left in a run's folder: the scores with their definition, and the samples."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from engine.language.said import Words
from engine.run import events
from engine.run.events import Evaluated, Finished, Judged, Score, Warned
from engine.run.folder import Run
from engine.run.tail import Tail
from engine.scores import result_lines
from engine.scores.result_lines import Results, SampleResult


@dataclass(frozen=True)
class Result:
    """The latest on the test file."""

    evaluated: Evaluated | None = None
    """None for a run that only translates."""
    judged: Judged | None = None
    """None of runs from before there was such a thing, and until the evaluation's end."""
    file: Path | None = None
    samples: list[SampleResult] = field(default_factory=list)
    unreadable: int = 0
    """Lines of the file that are no samples."""
    repaired: Score | None = None
    """By the second references, of a file that has them."""
    mark: str = ""
    """Stands behind a perplexity that flatters the run (see `engine.run.settings.PEEKED`)."""
    warnings: tuple[Words, ...] = ()
    """What the worker said is to be known of it."""


def read(run: Run) -> Result | None:
    """A run's result; None if there is none yet."""
    evaluated, judged, repaired, file = None, None, None, ""
    warnings: list[Words] = []
    for event in _ends(run.events_path):
        if isinstance(event, Evaluated) and event.part == "test":
            evaluated, judged, repaired, file = event, None, None, event.file or file
        elif isinstance(event, Evaluated) and event.part == "repaired":
            repaired = event.score
        elif isinstance(event, Judged) and event.part == "test":
            judged, file = event, event.file or file
        elif isinstance(event, Warned):
            warnings.append(event.words("message"))
        elif isinstance(event, Finished):
            file = event.file or file
    if evaluated is None and not file:
        return None
    path = run.folder / file if file else None
    found = result_lines.read(path, run.folder) if path else Results()
    return Result(
        evaluated,
        judged,
        path,
        found.results,
        found.unreadable,
        repaired,
        run.settings.mark,
        tuple(dict.fromkeys(warnings)),
    )


def read_scores(run: Run) -> Evaluated | None:
    """Only the scores."""
    found = None
    for event in _ends(run.events_path):
        if isinstance(event, Evaluated) and event.part == "test":
            found = event
    return found


def _ends(path: Path) -> Iterator[events.Event]:
    """The events that carry results; the many others are not even decoded."""
    wanted = (
        b'{"kind":"evaluated"',
        b'{"kind":"judged"',
        b'{"kind":"finished"',
        b'{"kind":"warned"',
    )
    tail = Tail(path)
    with suppress(OSError):
        while lines := tail.lines():
            yield from (events.decode(line) for line in lines if line.startswith(wanted))
