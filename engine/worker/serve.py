"""The translator process: one base model, any of its adapters, requests on a pipe, tokens back."""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import PreTrainedModel

from engine import protocol, tokenizer
from engine.errors import UserError
from engine.events import Event, Phase
from engine.language import _
from engine.profiles import Profile
from engine.prompts import Encoded
from engine.protocol import (
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
from engine.worker import failures, memory
from engine.worker.batches import plan_passes
from engine.worker.fast.decode import Translator
from engine.worker.generate import generate
from engine.worker.model import LabelLosses, device_name, load_adapter, load_base, pick_device
from engine.worker.paths import make_translator

_TRANSLATORS = 4
"""Kept at once; each may hold the base merged with its adapter."""


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
        self._profile: Profile | None = None
        self._model: PreTrainedModel | PeftModel | None = None
        self._translators: dict[str, Translator | None] = {}
        """Our own generation by adapter folder; None: transformers generates."""

    def serve(self) -> None:
        """Answer until the client goes."""
        threading.Thread(target=self._read, daemon=True).start()
        while (request := self._requests.get()) is not None:
            try:
                if isinstance(request, Load):
                    self._load(request.profile)
                elif isinstance(request, Score):
                    self._score(request)
                else:
                    self._generate(request)
            except UserError as error:
                self._send(Trouble(message=str(error)))
            except Exception as error:  # the process and its loaded model outlive a bad request
                failed = failures.explain(error)
                self._send(Trouble(message=failed.message, hint=failed.hint))

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
        device = pick_device()
        self._model = None
        self._translators.clear()
        memory.limit(device, profile.model.gpu_memory)
        self._model = load_base(profile, device, lambda message, hint: None)
        self._profile = profile
        self._send(Ready(device=device_name(device)))

    def _generate(self, request: Generate) -> None:
        if self._model is None or self._profile is None:
            raise UserError(_("no model is loaded"))
        model = self._with_adapter(request.adapter)
        pad_id = tokenizer.load(self._profile.model.path, self._profile.model.revision).pad_id
        torch.manual_seed(request.seed)
        began = time.monotonic()
        stop = frozenset(request.stop)

        def on_token(token: int) -> None:
            if token not in stop:
                self._send(Tokens(request=request.request, ids=[token]))

        def cancelled() -> bool:
            return request.request <= self._cancelled

        translator = self._translator(model, self._profile, request.adapter)
        how: dict[str, Any] = {"stop_requested": cancelled, "on_token": on_token}
        if translator is not None:
            answer = translator.generate([request.ids], stop, request.generation, **how)[0]
        else:
            answer = generate(model, [request.ids], stop, request.generation, pad_id, **how)[0]
        cut = len(answer) >= request.generation.max_new_tokens
        reason = "cancelled" if cancelled() else "length" if cut else "stop"
        seconds = time.monotonic() - began
        self._send(
            Done(request=request.request, reason=reason, tokens=len(answer), seconds=seconds)
        )

    def _score(self, request: Score) -> None:
        """Perplexity as evaluations define it: the same passes, the same losses, the same sum."""
        if self._model is None:
            raise UserError(_("no model is loaded"))
        # Anew each time: the adapter may have replaced what the losses are computed with. It is
        # loaded before inference mode begins, which would make its weights unfit for later use.
        losses = LabelLosses(self._with_adapter(request.adapter))
        encoded = [Encoded("", request.ids, request.scored)]
        (batch,) = plan_passes(encoded, row_tokens=0, tokens_per_pass=len(request.ids), pad_id=0)
        with torch.inference_mode():
            nll = float(losses(batch).double().sum())
        self._send(Scored(request=request.request, nll=nll, tokens=encoded[0].scored_count))

    def _with_adapter(self, folder: str) -> PreTrainedModel | PeftModel:
        """The base model, or the base under an adapter; the base's weights are never touched."""
        assert self._model is not None
        if folder:
            name = folder.replace(".", "_")  # torch allows no dots in module names
            self._model = load_adapter(self._model, Path(folder), name)
            self._model.base_model.enable_adapter_layers()
        elif isinstance(self._model, PeftModel):
            self._model.base_model.disable_adapter_layers()
        return self._model

    def _translator(
        self, model: PreTrainedModel | PeftModel, profile: Profile, adapter: str
    ) -> Translator | None:
        """The newest few are kept: answers of several adapters are compared side by side."""
        if adapter not in self._translators:
            while len(self._translators) >= _TRANSLATORS:
                del self._translators[next(iter(self._translators))]
            self._translators[adapter] = make_translator(model, profile)
        return self._translators[adapter]

    def _send(self, message: Message | Event) -> None:
        self._out.write(protocol.encode(message))
