"""The workbench in a world that stands still: clock, machine, paths and translator are made up.

What it shows there is the same everywhere, character by character.
"""

from __future__ import annotations

import shutil
import time
from collections import namedtuple
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from looking import seen
from textual.pilot import Pilot
from textual.screen import Screen

from engine.fast import support
from engine.machine import lock
from engine.machine.hardware import Gpu, GpuProcess, Machine, Probe
from engine.machine.paths import BUILTIN_PROFILES
from engine.machine.usage import Usage, UsageProbe
from engine.profile.schema import Profile
from engine.prompts.builder import Encoded
from engine.queue import scheduler
from engine.run.device import Device
from engine.run.events import Phase
from engine.run.folder import Run
from engine.start import launch
from engine.translate.protocol import Done
from tui.app import YiwenApp
from tui.screens.translate import translator

BEGAN = 1767240000.0
"""Noon of New Year's Day, 2026, in Taipei: when every run began."""
NOW = BEGAN + 91
"""A second after step 70 of a run that is alive."""
WORKER = 4242
GPU = Gpu(
    "GPU-5a1e",
    0,
    "NVIDIA H100 80GB HBM3",
    85_899_345_920,
    31_200_000_000,
    54_699_345_920,
    87,
    64,
    310.0,
    700.0,
    (GpuProcess(WORKER, "chen", "python", 30_000_000_000), GpuProcess(977, "lin", "python", 10**9)),
)
MACHINE = Machine((GPU,), 0.25, 16, 64_000_000_000, 48_000_000_000)
_STILL = 3
"""Looks in a row that show the same before a screen counts as settled."""
_PATIENCE = 30.0
_ENDLESS = ("follow", "list")
"""Workers that follow a live run, or keep a list up to date."""
_Disk = namedtuple("_Disk", "total used free")


class Translator:
    """Answers at once what it was told to, in place of `engine.translate.client.Translator`."""

    said: Sequence[tuple[str, float]] = (
        ("學習並且時常溫習，不也很快樂嗎？", 18.5),
        ("學了又時時溫習，不也高興嗎？", 4.25),
        ("學習了並按時溫習它，不是很愉快嗎？", 5.75),
    )
    """The answer and the reference's perplexity: of the base model, an adapter, the next one."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.device: Device | None = None
        self._known: list[str] = []
        self.last = Done(request=1, reason="stop", tokens=16, seconds=0.4)

    def load(self) -> Iterator[Phase]:
        """No time passes."""
        self.device = Device("gpu", "cuda")
        return iter(())

    def generate(self, ids: object, stop: object, adapter: str = "", **_: object) -> Iterator[str]:
        """The whole answer as one piece."""
        yield self._of(adapter)[0]

    def perplexity(self, encoded: Encoded, *, adapter: str = "") -> float:
        """Training has done it good."""
        return self._of(adapter)[1]

    def _of(self, adapter: str) -> tuple[str, float]:
        if adapter and adapter not in self._known:
            self._known.append(adapter)
        return self.said[self._known.index(adapter) + 1 if adapter else 0]

    def cancel(self) -> None:
        """There is nothing to cancel."""

    def close(self, patience: float = 0.0) -> None:
        """There is nothing to close."""


class Stage:
    """One workbench on it, with its user's hands and eyes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.app = YiwenApp(root, charset="braille")
        self.app.animation_level = "none"
        self.pilot: Pilot[None]
        self._held = ExitStack()

    def hold(self, run: Run) -> Run:
        """Let a run look as if its worker lived, until the stage is left."""
        self._held.enter_context(lock.acquire(run.folder))
        return run

    def leave(self) -> None:
        """Let every run go."""
        self._held.close()

    @property
    def screen(self) -> Any:
        """The topmost screen."""
        return self.app.screen

    async def press(self, *keys: str) -> None:
        """Keys, one after another."""
        await self.pilot.press(*keys)

    async def until(self, holds: Callable[[], object], seconds: float = _PATIENCE) -> None:
        """Wait; nothing here depends on the language."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"waited in vain; the screen:\n{seen(self.app)}"
            await self.pilot.pause(0.02)

    async def on(self, kind: type[Screen[Any]]) -> Any:
        """Wait until a screen of this kind is on top."""
        await self.until(lambda: isinstance(self.app.screen, kind))
        return self.app.screen

    async def rest(self) -> None:
        """Settle, then lay the screen out once more: what a busy machine did late is done now."""
        await self.settle()
        self.app.screen.refresh(layout=True)
        await self.settle()

    async def settle(self) -> None:
        """Wait until nothing is being looked up any more and the picture stands still."""
        still, before, end = 0, "", time.monotonic() + _PATIENCE
        while still < _STILL:
            assert time.monotonic() < end, f"no rest; still at work: {self._busy()}"
            await self.pilot.pause(0.02)
            now = seen(self.app)
            still = still + 1 if now == before and not self._busy() else 0
            before = now

    def _busy(self) -> list[str]:
        """What the topmost screen looks up, but for what goes on as long as it is there."""
        return [
            work.group
            for work in self.app.workers
            if not work.is_finished
            and work.group not in _ENDLESS
            and work.node.screen is self.app.screen  # one under a dialog waits for its answer
        ]


def freeze(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """Make the world up, in an empty folder; returns the folder of runs."""
    (folder / "runs").mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(BUILTIN_PROFILES.parent))  # paths of built-in files are short
    for name in ("CUDA_VISIBLE_DEVICES", "NO_COLOR", "YIWEN_CHARSET", "TMUX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(time, "time", lambda: NOW)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _Disk(10**12, 6 * 10**11, 4 * 10**11))
    monkeypatch.setattr(Probe, "read", lambda _: MACHINE)
    monkeypatch.setattr(Probe, "gpus", lambda _: MACHINE.gpus)
    monkeypatch.setattr(support, "triton_is_here", lambda: True)
    monkeypatch.setattr(UsageProbe, "read", lambda _: Usage(WORKER, 1.0, 1_200_000_000))
    monkeypatch.setattr(Run, "size", lambda _: 123_400_000)
    monkeypatch.setattr(scheduler, "ensure", lambda root: False)
    monkeypatch.setattr(launch, "start", lambda run: WORKER)
    monkeypatch.setattr(translator, "Translator", Translator)
    return folder / "runs"
