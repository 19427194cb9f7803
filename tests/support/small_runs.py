"""Real runs, made small: cut data, six steps; started, watched and stopped as a user's are."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from engine.machine import lock
from engine.machine.paths import BUILTIN_PROFILES
from engine.run.events import Event, Step
from engine.run.folder import Run
from engine.run.summary import Summary
from engine.run.tail import Tail
from engine.start import launch
from engine.start import request as jobs
from engine.start.request import Request

E = TypeVar("E", bound=Event)
PATIENCE = 240.0
"""Seconds: workers start slowly where other tests take the processor."""
PARTS = {"train": 24, "validation": 6, "test": 8}
SHORT = 70
"""Characters of instruction and output at most: a step should not take long."""
SMALL = {
    "training.max_steps": 6,
    "training.batch_size": 8,
    "training.evaluate_every": 2,
    "lora.dropout": 0.1,
    "evaluation.samples": 1,
    "evaluation.outputs": False,
    "generation.max_new_tokens": 12,
}


@dataclass
class SmallRun:
    """A run of a few steps, and the data that it reads."""

    run: Run
    data: dict[str, Path]

    @classmethod
    def prepare(cls, folder: Path, overrides: Mapping[str, object]) -> SmallRun:
        """Cut the sample data and make the run folder. Of keys, `__` stands for the dot."""
        changed = {key.replace("__", "."): value for key, value in overrides.items()}
        strategy = str(changed.pop("strategy", "qlora"))
        profile = str(changed.pop("profile", BUILTIN_PROFILES / "tiny.toml"))
        data = {part: cut_data(part, folder, count) for part, count in PARTS.items()}
        files = {f"data.{part}": path for part, path in data.items()}
        texts = {key: _as_typed(value) for key, value in {**SMALL, **files, **changed}.items()}
        request = Request(folder / "runs", strategy, profile=profile, overrides=texts)
        return cls(jobs.prepare(request), data)

    def start(self) -> None:
        launch.start(self.run)

    def wait(self) -> Summary:
        """Wait until the worker is gone; what then is known of the run."""
        _wait(lambda: not self.run.alive(), self, "the worker's end")
        return self.run.summary()

    def wait_for(self, seen: Callable[[Event], bool]) -> None:
        """Wait until the worker has written such an event."""
        _wait(lambda: any(seen(event) for event in self.events()), self, "an event")

    def stop(self, *, force: bool = False) -> Summary:
        launch.request_stop(self.run, force=force)
        return self.wait()

    def kill(self) -> None:
        """End the worker if there is still one."""
        if self.run.alive() and lock.holder(self.run.folder) is not None:
            launch.request_stop(self.run, force=True)

    def events(self) -> list[Event]:
        return Tail(self.run.events_path).read()

    def of_kind(self, kind: type[E]) -> list[E]:
        return [event for event in self.events() if isinstance(event, kind)]

    def losses(self) -> dict[int, float]:
        """By step; of a step that was done twice, the later."""
        return {event.step: event.loss for event in self.of_kind(Step)}

    def log(self) -> str:
        return self.run.log_path.read_text() if self.run.log_path.exists() else ""


RunMaker = Callable[..., SmallRun]


def cut_data(part: str, folder: Path, count: int) -> Path:
    """The first short items of a sample file, as a file of their own."""
    items = json.loads((BUILTIN_PROFILES / "tiny" / "data" / f"{part}.json").read_text("utf-8"))
    items = [item for item in items if len(item["instruction"] + item["output"]) <= SHORT]
    path = folder / f"{part}.json"
    path.write_text(json.dumps(items[:count], ensure_ascii=False), encoding="utf-8")
    return path


def _as_typed(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _wait(done: Callable[[], bool], small: SmallRun, what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, f"waited in vain for {what}; log:\n{small.log()}"
        time.sleep(0.02)
