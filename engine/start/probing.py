"""Measures a training run before it is started: two real steps, in a run that is not kept."""

from __future__ import annotations

import contextlib
import math
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from engine.language.errors import RunError
from engine.language.said import Said, Words
from engine.machine import regular_files
from engine.run.events import Failed, Phase, Probed, Stopped, Warned
from engine.run.folder import Run
from engine.run.plan import TrainingPlan
from engine.run.tail import Tail
from engine.start import launch
from engine.start.preflight import Preflight
from engine.start.request import Request, prepare
from engine.start.time_estimate import points_of

_POLL = 0.1


@dataclass(frozen=True)
class Measured:
    """What a probe found, and what it means for the whole run."""

    probed: Probed
    warnings: list[Words]

    @property
    def memory(self) -> int:
        """Peak bytes of training and scoring."""
        return max(self.probed.memory, self.probed.memory_scoring)

    @property
    def tokens_per_second(self) -> float:
        """In training, padding not counted."""
        return self.probed.tokens_step / self.probed.seconds_step

    def seconds(self, found: Preflight) -> float:
        """Loading, training and scoring of the whole run; translating is not in it."""
        plan = found.plan
        if plan is None:
            return math.nan
        scoring = _scored_tokens(found, plan) / self.probed.scored_tokens_per_second
        return self.probed.seconds_load + found.tokens / self.tokens_per_second + scoring


def _scored_tokens(found: Preflight, plan: TrainingPlan) -> int:
    """Tokens of validation and test file, as often as they are scored."""
    tokens = {
        part: sum(
            len(found.builder.encode(pair.instruction, pair.output).ids) for pair in data.pairs
        )
        for part, data in found.data.items()
        if part != "train"
    }
    # The result, at the end, is of the test file alone.
    return points_of(plan) * sum(tokens.values()) - tokens.get("validation", 0)


def probe(
    request: Request,
    *,
    say: Callable[[Phase], object],
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Measured | None:
    """Measure; None if it was cancelled. Blocks. Raises UserError, also when the probe fails."""
    with _folder() as folder:
        run = prepare(replace(request, root=folder, probe=True))
        launch.start(run)
        try:
            return _wait(run, say, is_cancelled)
        finally:
            _end(run)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="yiwen-probe-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(
    run: Run, say: Callable[[Phase], object], is_cancelled: Callable[[], bool]
) -> Measured | None:
    tail = Tail(run.events_path)
    probed: Probed | None = None
    warnings: list[Words] = []
    while not is_cancelled():
        alive = run.alive()  # before reading: what it wrote last is then read for sure
        for event in tail.read():
            if isinstance(event, Failed):
                raise RunError(event.whole())
            if isinstance(event, Stopped):
                return None
            if isinstance(event, Probed):
                probed = event
            elif isinstance(event, Warned):
                warnings.append(event.words("message"))
            elif isinstance(event, Phase):
                say(event)
        if not alive:
            if probed is None:
                raise RunError("the probe ended without a word: {words}", words=_last_words(run))
            return Measured(probed, warnings)
        time.sleep(_POLL)
    return None


def _last_words(run: Run) -> Words:
    try:
        lines = regular_files.content(run.log_path).decode(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else Said("its log is empty")


def _end(run: Run) -> None:
    """Leave no worker behind in a folder that is about to go."""
    with contextlib.suppress(RunError):
        launch.request_stop(run, force=True)
    deadline = time.monotonic() + 5
    while run.alive() and time.monotonic() < deadline:
        time.sleep(0.02)
