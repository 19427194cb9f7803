"""The file of an experiment: which stages it has, and which run each of them is.

`experiments/NAME/experiment.toml` in the runs folder. A stage is told by its settings, its run by
its id; nothing is guessed from what else lies in the folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
import tomli_w
from msgspec import Struct

from engine.experiments.series import Stage
from engine.language.errors import RunError, cannot_write, reason_of
from engine.language.plain_text import one_line
from engine.machine import lock, reading, regular_files
from engine.machine.files import make_folder, write_atomically
from engine.machine.regular_files import is_name
from engine.run.folder import Run
from engine.run.summary import Status

FORMAT = 1


class Entry(Struct, kw_only=True):
    """A stage, and the run that was made for it."""

    question: str
    title: str
    profile: str
    strategy: str
    run: str = ""
    """Its id; empty until it is made."""
    settings: dict[str, str] = {}


class Contents(Struct, kw_only=True):
    """experiment.toml."""

    format: int = FORMAT
    created: str
    stages: list[Entry]


@dataclass
class Ledger:
    """An experiment's folder and what its file says."""

    folder: Path
    contents: Contents

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def root(self) -> Path:
        """The folder of runs."""
        return self.folder.parent.parent

    @property
    def report_folder(self) -> Path:
        return self.folder / "report"

    def run_of(self, entry: Entry) -> Run | None:
        """The run of a stage; None before it is made and after it was deleted."""
        run = Run(self.root / entry.run)
        return run if is_name(entry.run) and (run.folder / "run.toml").is_file() else None

    def state(self, entry: Entry) -> Status | None:
        """Where a stage stands; None if it has no run."""
        run = self.run_of(entry)
        return run.summary().status if run else None

    def save(self) -> None:
        """Write the file whole. Raises RunError."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            make_folder(self.folder.parent)
            make_folder(self.folder)
            content = tomli_w.dumps(msgspec.to_builtins(self.contents)).encode()
            write_atomically(self.folder / "experiment.toml", content)
        except OSError as error:
            raise RunError(cannot_write(self.folder, error)) from None

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Keep a second program from making the same runs. Raises RunError."""
        try:
            held = lock.acquire(self.folder, wait=0.2)
        except RunError:
            raise RunError(
                "experiment {name} is under way in another program", name=self.name
            ) from None
        with held:
            yield


def list_all(root: Path) -> list[Ledger]:
    """All experiments of a runs folder, the newest first."""
    found = [read(path.parent) for path in (root / "experiments").glob("*/experiment.toml")]
    return sorted(found, key=lambda one: (one.contents.created, _number(one.name)), reverse=True)


def read(folder: Path) -> Ledger:
    """An experiment by its folder. Raises RunError."""
    path = folder / "experiment.toml"
    try:
        return Ledger(folder, reading.toml_of(regular_files.text(path), Contents))
    except (OSError, ValueError) as error:
        raise RunError(
            "{path}: cannot be read: {error}; mend or remove it", path=path, error=reason_of(error)
        ) from None


def find(root: Path, stages: Sequence[Stage]) -> Ledger | None:
    """The newest experiment with exactly these stages."""
    wanted = [stage.settings for stage in stages]
    for ledger in list_all(root):
        if [entry.settings for entry in ledger.contents.stages] == wanted:
            return ledger
    return None


def make(root: Path, name: str, stages: Sequence[Stage], *, reuse: bool = True) -> Ledger:
    """Begin a new experiment; stages that an earlier one has done alike keep their runs."""
    earlier = list_all(root)
    taken = {ledger.name for ledger in earlier}
    number = 1
    while (named := name if number == 1 else f"{name}-{number}") in taken:
        number += 1
    entries = [
        Entry(
            question=stage.question,
            title=stage.title,
            profile=stage.profile.name,
            strategy=stage.request.strategy,
            run=_done_before(earlier, stage) if reuse else "",
            settings=stage.settings,
        )
        for stage in stages
    ]
    created = datetime.now().astimezone().isoformat(timespec="seconds")
    ledger = Ledger(root / "experiments" / named, Contents(created=created, stages=entries))
    ledger.save()
    return ledger


def _done_before(earlier: Sequence[Ledger], stage: Stage) -> str:
    for ledger in earlier:
        for entry in ledger.contents.stages:
            if entry.settings == stage.settings and ledger.state(entry) is Status.FINISHED:
                return entry.run
    return ""


def changes(ledger: Ledger, stages: Sequence[Stage]) -> list[str]:
    """What differs from an experiment of the same stages, `key: old → new`; empty for others."""
    entries = ledger.contents.stages
    if [(e.title, e.strategy) for e in entries] != [(s.title, s.request.strategy) for s in stages]:
        return []
    found: dict[str, str] = {}
    for entry, stage in zip(entries, stages):
        for key in {**entry.settings, **stage.settings}:
            old, new = entry.settings.get(key, "–"), stage.settings.get(key, "–")
            if old != new:
                found.setdefault(key, f"{key}: {_short(old)} → {_short(new)}")
    return list(found.values())


def _short(text: str, room: int = 40) -> str:
    line = one_line(text)
    return line if len(line) <= room else line[: room - 1] + "…"


def _number(name: str) -> int:
    found = re.search(r"-(\d+)$", name)
    return int(found.group(1)) if found else 1
