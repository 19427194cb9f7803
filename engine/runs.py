"""Run folders: make, list, find, open and delete them, and derive a run's status.

Status is derived, never stored: the last terminal event, else whether the worker's lock is held.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path

import msgspec
import tomli
import tomli_w

from engine import lock, provenance
from engine.dataset import Dataset, Pair
from engine.errors import RunError
from engine.language import _
from engine.paths import write_atomically
from engine.profiles import Profile
from engine.run_settings import PEEKED, DataFile, Job, Part, RunSettings
from engine.summary import Status, Summary, read_summary
from engine.waiting import waiting_list


class Run:
    """One run's folder."""

    __slots__ = ("_settings", "id", "root")

    def __init__(self, folder: Path) -> None:
        self.id, self.root = folder.name, folder.parent
        self._settings: RunSettings | None = None

    @classmethod
    def inside(cls, root: Path, run_id: str) -> Run:
        """One of many, which share the path of the folder that holds them all."""
        run = cls.__new__(cls)
        run.id, run.root, run._settings = run_id, root, None
        return run

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and (self.id, self.root) == (other.id, other.root)

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"Run({self.folder})"

    @property
    def folder(self) -> Path:
        return self.root / self.id

    @property
    def events_path(self) -> Path:
        return self.folder / "events.jsonl"

    @property
    def log_path(self) -> Path:
        return self.folder / "worker.log"

    @property
    def adapter_path(self) -> Path:
        """The result of training, in PEFT's format."""
        return self.folder / "adapter"

    @property
    def checkpoints_path(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def evaluations_path(self) -> Path:
        return self.folder / "evaluations"

    @property
    def settings(self) -> RunSettings:
        """What run.toml says, read once. Raises RunError."""
        if self._settings is None:
            self._settings = self.read_settings()
        return self._settings

    def read_settings(self) -> RunSettings:
        """What run.toml says, not kept. Raises RunError."""
        path = self.folder / "run.toml"
        try:
            return msgspec.convert(tomli.loads(path.read_text(encoding="utf-8")), RunSettings)
        except FileNotFoundError:
            raise RunError(
                _("{folder}: is not a run folder (it has no run.toml)").format(folder=self.folder)
            ) from None
        except (OSError, ValueError) as error:
            raise RunError(
                _("{path}: cannot be read: {error}").format(path=path, error=error)
            ) from None

    def exists(self) -> bool:
        """Is the folder a run's?"""
        return (self.folder / "run.toml").exists()

    def alive(self) -> bool:
        """Does a worker hold this run now?"""
        return lock.is_held(self.folder)

    def waits(self) -> bool:
        """Is it in the queue, to be started when its turn comes?"""
        return waiting_list.holds(self.folder.parent, self.id)

    def summary(self) -> Summary:
        """Status, progress and result, derived from the events."""
        try:
            summary = read_summary(self.events_path)
            if not summary.ended:
                alive = self.alive()
                if not alive:  # it may have ended between the two looks
                    summary = read_summary(self.events_path)
                summary.settle(alive, waits=not alive and self.waits())
        except OSError as error:
            raise RunError(
                _("{path}: cannot be read: {reason}").format(
                    path=self.events_path, reason=error.strerror
                )
            ) from None
        return summary

    def checkpoints(self) -> list[str]:
        """Names of the saved checkpoints, oldest first."""
        return sorted(path.name for path in self.checkpoints_path.glob("step-*") if path.is_dir())

    def adapter_folder(self, checkpoint: str = "") -> Path:
        """The folder of the result, or of a checkpoint by name, step, `best` or `last`.

        Raises RunError when there is none.
        """
        names = self.checkpoints()
        if checkpoint == "best":
            checkpoint = self.summary().best_checkpoint
        elif checkpoint == "last" and names:
            checkpoint = names[-1]
        elif checkpoint.isdigit():
            checkpoint = f"step-{int(checkpoint):06d}"
        if not checkpoint and (self.adapter_path / "adapter_config.json").is_file():
            return self.adapter_path
        if not checkpoint and names:
            checkpoint = names[-1]
        if checkpoint not in names:
            there = _(", ").join(names) or _("none yet")
            raise RunError(
                _("run {run}: no checkpoint '{checkpoint}'; there are: {there}").format(
                    run=self.id, checkpoint=checkpoint, there=there
                )
            )
        return self.checkpoints_path / checkpoint

    def size(self) -> int:
        """Bytes on disk."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return sum(path.stat().st_size for path in files)


def create(
    root: Path,
    *,
    job: Job,
    strategy: str,
    profile: Profile,
    data: dict[Part, Dataset],
    overrides: dict[str, str] | None = None,
    adapter: str = "",
    adapter_run: str = "",
    checkpoint: str = "",
    examples: Sequence[Pair] = (),
    gpu: str = "",
) -> Run:
    """Make a run folder with its run.toml; nothing runs yet. Raises RunError."""
    now = datetime.now().astimezone()
    stem = f"{now:%Y%m%d-%H%M%S}-{_slug(profile.name)}-{_slug(strategy)}"
    try:
        root.mkdir(parents=True, exist_ok=True)
        folder = _make_new(root, stem)
    except OSError as error:
        raise _cannot_hold(root, error) from None
    settings = RunSettings(
        id=folder.name,
        created=now.isoformat(timespec="seconds"),
        job=job,
        strategy=strategy,
        profile=profile,
        overrides=overrides or {},
        data={
            part: DataFile(dataset.path, dataset.sha256, len(dataset.pairs))
            for part, dataset in data.items()
        },
        adapter=adapter,
        adapter_run=adapter_run,
        checkpoint=checkpoint,
        examples=list(examples),
        gpu=gpu,
        versions=provenance.versions(),
        host=socket.gethostname(),
        git=provenance.git_state(),
    )
    content = tomli_w.dumps(msgspec.to_builtins(settings)).encode()
    try:
        write_atomically(folder / "run.toml", content)
    except OSError as error:
        folder.rmdir()
        raise _cannot_hold(root, error) from None
    return Run(folder)


def _cannot_hold(root: Path, error: OSError) -> RunError:
    return RunError(
        _("{root}: cannot hold runs: {reason}; choose another with --runs").format(
            root=root, reason=error.strerror
        )
    )


def _make_new(root: Path, stem: str) -> Path:
    for number in range(1, 1000):
        folder = root / (stem if number == 1 else f"{stem}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise RunError(_("{root}: too many runs named {stem}").format(root=root, stem=stem))


def list_all(root: Path) -> list[Run]:
    """All runs of a folder, newest first."""
    return [run for run in list_folders(root) if run.exists()]


def list_folders(root: Path) -> list[Run]:
    """All folders that may be runs, newest first; quicker than `list_all`, for it opens none."""
    try:
        with os.scandir(root) as entries:
            names = [entry.name for entry in entries if not entry.name.startswith(".")]
    except OSError:
        return []
    return [Run.inside(root, name) for name in _newest_first(names)]


def _newest_first(names: Iterable[str]) -> Iterator[str]:
    """By age; keys are made only for runs of the same second, for there may be ten thousand."""
    for _second, same in groupby(sorted(names, reverse=True), lambda name: name[:15]):
        yield from sorted(same, key=_age, reverse=True)


def _age(name: str) -> tuple[int, str]:
    """Order of runs of one second: by number, then by name."""
    number = re.search(r"-(\d{1,3})$", name)
    return int(number.group(1)) if number else 1, name


def find(root: Path, key: str) -> Run:
    """A run by id, unique part of an id, path, or `latest`. Raises RunError."""
    if "/" in key and (Path(key) / "run.toml").is_file():
        return Run(Path(key).resolve())
    runs = list_all(root)
    if key == "latest" and runs:
        return runs[0]
    exact = [run for run in runs if run.id == key]
    found = exact or [run for run in runs if key and key in run.id]
    if len(found) == 1:
        return found[0]
    if not found:
        raise RunError(
            _("no run '{key}' in {root}; `yiwen runs` lists them").format(key=key, root=root)
        )
    shown = _(", ").join(run.id for run in found[:5]) + (" …" if len(found) > 5 else "")
    raise RunError(
        _("'{key}' fits {count} runs: {shown}").format(key=key, count=len(found), shown=shown)
    )


def newest_active(runs: Iterable[Run]) -> Run | None:
    """The newest run that has a worker now."""
    return next((run for run in runs if run.alive()), None)


def delete(run: Run) -> None:
    """Remove a run's folder for good. Raises RunError while its worker lives."""
    if run.alive():
        raise RunError(_("run {run} is running; stop it first").format(run=run.id))
    waiting_list.remove(run.folder.parent, run.id)
    try:
        shutil.rmtree(run.folder)
    except OSError as error:
        raise RunError(
            _("{folder}: cannot be deleted: {reason}").format(
                folder=run.folder, reason=error.strerror
            )
        ) from None


def _slug(text: str) -> str:
    return re.sub(r"[^\w.]+", "-", text).strip("-.") or "run"


__all__ = [
    "PEEKED", "DataFile", "Job", "Part", "Run", "RunSettings", "Status", "Summary",
    "create", "delete", "find", "list_all", "newest_active",
]  # fmt: skip
