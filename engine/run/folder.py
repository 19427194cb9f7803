"""A run: what lies in its folder, and its status.

Status is derived, never stored: the last terminal event, else whether the worker's lock is held.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from engine.language.errors import RunError
from engine.language.said import Said, listed
from engine.machine import lock, reading, regular_files
from engine.run import waiting_list
from engine.run.reading_summary import read_summary
from engine.run.settings import RunSettings
from engine.run.summary import Summary

LETTING_GO = 5.0
"""Seconds that a worker may take to leave after its last word."""


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
            return reading.toml_of(regular_files.text(path), RunSettings)
        except FileNotFoundError:
            raise RunError(
                "{folder}: is not a run folder (it has no run.toml)", folder=self.folder
            ) from None
        except OSError as error:
            raise RunError(
                "{path}: cannot be read: {reason}", path=path, reason=error.strerror
            ) from None
        except ValueError as error:
            raise RunError("{path}: cannot be read: {error}", path=path, error=error) from None

    def exists(self) -> bool:
        """Is the folder a run's, and may one look into it?"""
        return os.path.exists(self.folder / "run.toml")

    def is_private(self) -> bool:
        """Is it a folder that one may not look into, so that nobody can tell what it is?"""
        return os.path.isdir(self.folder) and not os.access(self.folder, os.R_OK | os.X_OK)

    def alive(self) -> bool:
        """Does a worker hold this run now?"""
        return lock.is_held(self.folder)

    def is_busy(self, patience: float = LETTING_GO) -> bool:
        """Has it a worker at work? One that has said its last word is waited for. Blocks."""
        deadline = time.monotonic() + patience
        while self.alive():
            if time.monotonic() > deadline or not self.summary().ended:
                return True
            time.sleep(0.05)
        return False

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
                "{path}: cannot be read: {reason}", path=self.events_path, reason=error.strerror
            ) from None
        return summary

    def checkpoints(self) -> list[str]:
        """Names of the saved checkpoints, oldest first."""
        found = self.checkpoints_path.glob("step-*")
        names = [path.name for path in found if regular_files.is_own_folder(path)]
        return sorted(names, key=lambda name: (len(name), name))  # from step 1,000,000 on longer

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
            there = listed(names) or Said("none yet")
            raise RunError(
                "run {run}: no checkpoint '{checkpoint}'; there are: {there}",
                run=self.id,
                checkpoint=checkpoint,
                there=there,
            )
        return self.checkpoints_path / checkpoint

    def size(self) -> int:
        """Bytes on disk."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return sum(path.stat().st_size for path in files)
