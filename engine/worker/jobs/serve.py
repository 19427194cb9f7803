"""The translator process: one base model, any of its adapters, requests on a pipe, tokens back."""

from __future__ import annotations

import os
import queue
import sys
import threading
import time

from engine.language.errors import UserError
from engine.language.said import pack
from engine.profile.schema import Profile
from engine.prompts.builder import Encoded
from engine.run.events import Event, Phase
from engine.translate import protocol
from engine.translate.protocol import (
    Cancel,
    Done,
    Generate,
    Load,
    Message,
    Ready,
    Score,
    Scored,
    Tokens,
    Trouble,
)
from engine.worker.jobs.served import Served
from engine.worker.process import failures
from engine.worker.process.devices import describe, pick_device


class Server:
    """Serves requests one after another until the pipe closes."""

    def __init__(self) -> None:
        # Whatever a library prints must not get between the messages.
        self._out = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)
        self._requests: queue.Queue[Load | Generate | Score | None] = queue.Queue()
        self._newest = 0
        self._cancelled = 0
        """Requests up to this one are not wanted any more."""
        self._served: Served | None = None

    def serve(self) -> None:
        """Answer until the client goes."""
        threading.Thread(target=self._read, daemon=True).start()
        while (request := self._requests.get()) is not None:
            try:
                if isinstance(request, Load):
                    self._load(request.profile)
                elif self._served is None:
                    raise UserError("no model is loaded")
                elif isinstance(request, Score):
                    self._score(request, self._served)
                else:
                    self._generate(request, self._served)
            except Exception as error:  # the process and its loaded model outlive a bad request
                loads = isinstance(request, Load)
                failed = failures.explain(error, "loading the model" if loads else "translating")
                self._send(Trouble(message=pack(failed.whole())))

    def _read(self) -> None:
        """Cancel is taken at once, in its own thread; the rest waits its turn."""
        for line in sys.stdin.buffer:
            message = protocol.to_worker.decode(line)
            if isinstance(message, Cancel):
                self._cancelled = self._newest
                continue
            if isinstance(message, Generate | Score):
                self._newest = message.request
            self._requests.put(message)
        os._exit(0)  # the client is gone: not even the answer under way is wanted

    def _load(self, profile: Profile) -> None:
        self._send(Phase(name="loading the model"))
        self._served = None  # first: there may be no room for two
        device = pick_device()
        self._served = Served(profile, device)
        self._send(Ready(device=describe(device)))

    def _generate(self, request: Generate, served: Served) -> None:
        began = time.monotonic()
        stop = frozenset(request.stop)

        def on_token(token: int) -> None:
            if token not in stop:
                self._send(Tokens(request=request.request, ids=[token]))

        def cancelled() -> bool:
            return request.request <= self._cancelled

        answer = served.generate(request, on_token, cancelled)
        cut = len(answer) >= request.generation.max_new_tokens
        reason = "cancelled" if cancelled() else "length" if cut else "stop"
        seconds = time.monotonic() - began
        self._send(
            Done(request=request.request, reason=reason, tokens=len(answer), seconds=seconds)
        )

    def _score(self, request: Score, served: Served) -> None:
        encoded = Encoded("", request.ids, request.scored)
        nll = served.nll(encoded, request.adapter)
        self._send(Scored(request=request.request, nll=nll, tokens=encoded.scored_count))

    def _send(self, message: Message | Event) -> None:
        self._out.write(protocol.encode(message))
