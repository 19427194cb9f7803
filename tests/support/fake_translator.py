"""A stand-in for the translator process: speaks its protocol, and misbehaves on demand."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from engine.models import tokenizer
from engine.run.device import Device
from engine.run.events import Phase
from engine.translate import protocol


class Manners(Struct):
    """How the stand-in behaves; read when a process starts."""

    answer: str = "學習並且時常溫習，不也很快樂嗎？"
    pause: float = 0.0
    """Seconds between two tokens."""
    loading: float = 0.0
    """Seconds that loading takes."""
    load_trouble: str = ""
    trouble: str = ""
    """Said instead of an answer."""
    nll: float = 20.0
    """Of every reference under the base model; half of it under an adapter."""
    dies_after: int = -1
    """Tokens; -1: never."""
    deaf: bool = False
    """Heeds neither a cancel nor the end of its input."""
    log: str = ""
    """File that gets every line received, and `started` for every start."""


class Fake:
    """What a test holds: manners for the next process, and what the processes were told."""

    def __init__(self, folder: Path) -> None:
        self.manners = Manners(log=str(folder / "received"))

    @property
    def received(self) -> list[str]:
        """Lines, oldest first."""
        path = Path(self.manners.log)
        return path.read_text().splitlines() if path.exists() else []

    @property
    def starts(self) -> int:
        return self.received.count("started")

    def generates(self) -> list[protocol.Generate]:
        """The questions asked."""
        return [one for one in self._messages() if isinstance(one, protocol.Generate)]

    def scores(self) -> list[protocol.Score]:
        """The references to be scored."""
        return [one for one in self._messages() if isinstance(one, protocol.Score)]

    def _messages(self) -> list[protocol.ToWorker]:
        lines = (line for line in self.received if line != "started")
        return [protocol.to_worker.decode(line) for line in lines]


def install(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Fake:
    """Put the stand-in where the translator's worker would start; other processes are as ever."""
    fake = Fake(folder)
    monkeypatch.setattr("engine.translate.client.subprocess.Popen", starter(lambda: fake.manners))
    return fake


def starter(manners: Callable[[], Manners]) -> Callable[..., Any]:
    """What takes the place of `Popen`."""
    real = subprocess.Popen

    def popen(command: Any, *args: Any, **options: Any) -> Any:
        if list(command)[-2:] == ["engine.worker", "translate"]:
            command = [sys.executable, __file__, msgspec.json.encode(manners()).decode()]
        return real(command, *args, **options)

    return popen


class Worker:
    """The process itself: one thread reads, one answers."""

    def __init__(self, manners: Manners) -> None:
        self.manners = manners
        self.cancelled = threading.Event()
        self.waiting: list[protocol.Message] = []
        self.changed = threading.Condition()
        self.ids: list[int] = []

    def note(self, line: str) -> None:
        with Path(self.manners.log).open("a") as log:
            log.write(line + "\n")

    def read(self) -> None:
        for line in sys.stdin:
            self.note(line.rstrip("\n"))
            message = protocol.to_worker.decode(line)
            if isinstance(message, protocol.Cancel):
                self.cancelled.set()
                continue
            self.cancelled.clear()  # here: a cancel may come before the answer begins
            with self.changed:
                self.waiting.append(message)
                self.changed.notify()
        if not self.manners.deaf:
            os._exit(0)

    def serve(self) -> None:
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.waiting)
                message = self.waiting.pop(0)
            if isinstance(message, protocol.Load):
                self.load(message)
            elif isinstance(message, protocol.Generate):
                self.generate(message)
            elif isinstance(message, protocol.Score):
                nll = self.manners.nll / (2 if message.adapter else 1)
                tokens = sum(message.scored)
                say(protocol.Scored(request=message.request, nll=nll, tokens=tokens))

    def load(self, message: protocol.Load) -> None:
        say(Phase(name="loading libraries"))
        say(Phase(name="loading weights", done=1, of=3))
        self.sleep(self.manners.loading)
        if self.manners.load_trouble:
            say(protocol.Trouble(message=self.manners.load_trouble, hint="Take a smaller one."))
            return
        model = message.profile.model
        self.ids = tokenizer.load(model.path, model.revision).encode(self.manners.answer)
        say(protocol.Ready(device=Device("gpu", "cpu")))

    def generate(self, message: protocol.Generate) -> None:
        if self.manners.trouble:
            say(protocol.Trouble(message=self.manners.trouble))
            return
        began = time.monotonic()
        reason, count = "stop", 0
        for index in self.ids:
            if count == self.manners.dies_after:
                print("CUDA out of memory", file=sys.stderr)
                sys.exit(1)
            self.sleep(self.manners.pause)
            if self.cancelled.is_set() and not self.manners.deaf:
                reason = "cancelled"
                break
            if count == message.generation.max_new_tokens:
                reason = "length"
                break
            say(protocol.Tokens(request=message.request, ids=[index]))
            count += 1
        seconds = time.monotonic() - began
        say(protocol.Done(request=message.request, reason=reason, tokens=count, seconds=seconds))

    def sleep(self, seconds: float) -> None:
        if self.manners.deaf:
            time.sleep(seconds)
        else:
            self.cancelled.wait(seconds)


def say(message: Struct) -> None:
    sys.stdout.buffer.write(protocol.encode(message))
    sys.stdout.buffer.flush()


def main() -> None:
    manners = msgspec.json.decode(sys.argv[1], type=Manners)
    worker = Worker(manners)
    worker.note("started")
    threading.Thread(target=worker.read, daemon=True).start()
    worker.serve()


if __name__ == "__main__":
    main()
