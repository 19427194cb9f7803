"""The model that a translator process serves: one base, under any of its adapters in turn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from peft import PeftModel
from transformers import PreTrainedModel

from engine.language.errors import UserError
from engine.models import context, tokenizer
from engine.models.context import too_long
from engine.profile.schema import Profile
from engine.prompts.builder import Encoded
from engine.translate.protocol import Generate
from engine.worker.fast.decode import Translator
from engine.worker.model.adapters import load_adapter
from engine.worker.model.computed import choose_engine, make_translator
from engine.worker.model.generate import generate
from engine.worker.model.loading import load_base
from engine.worker.process import memory, out_of_memory

_TRANSLATORS = 4
"""Kept at once; each may hold the base merged with its adapter."""


class Served:
    """Adapters are named by their folders; the empty name is the bare base."""

    def __init__(self, profile: Profile, device: torch.device) -> None:
        memory.limit(device, profile.model.gpu_memory)
        self._profile = profile
        self._model: PreTrainedModel | PeftModel
        self._model = load_base(profile, device, lambda message, hint: None)
        own = tokenizer.load(profile.model.path, profile.model.revision)
        self._pad_id, self._context = own.pad_id, context.of_folder(own.folder)
        self._translators: dict[str, Translator | None] = {}
        """Our own generation by adapter; None: transformers generates."""

    def generate(
        self, request: Generate, on_token: Callable[[int], None], cancelled: Callable[[], bool]
    ) -> list[int]:
        """The continuation of a prompt, token by token, without the stop token."""
        if wrong := too_long(len(request.ids), self._context):
            raise UserError(wrong)
        came: list[int] = []

        def told(token: int) -> None:
            came.append(token)
            on_token(token)

        try:
            return self._continue(request, told, cancelled)
        except Exception as error:
            if came or not self._translators or not out_of_memory.happened(error):
                raise
        self._translators.clear()  # what they hold may be all that is missing
        torch.cuda.empty_cache()
        return self._continue(request, on_token, cancelled)

    def _continue(
        self, request: Generate, on_token: Callable[[int], None], cancelled: Callable[[], bool]
    ) -> list[int]:
        model = self._under(request.adapter)
        torch.manual_seed(request.seed)
        prompts, stop, settings = [request.ids], frozenset(request.stop), request.generation
        translator = self._translator(model, request.adapter)
        if translator is None:
            return generate(
                model,
                prompts,
                stop,
                settings,
                self._pad_id,
                stop_requested=cancelled,
                on_token=on_token,
            )[0]
        return translator.generate(
            prompts, stop, settings, stop_requested=cancelled, on_token=on_token
        )[0]

    def nll(self, encoded: Encoded, adapter: str) -> float:
        """Nats of an item's scored tokens, as evaluations reckon them: by the same path."""
        # Made anew each time, which costs little: the adapter may be another one. It is loaded
        # before inference mode begins, which would make its weights unfit for later use.
        computed = choose_engine(self._under(adapter), self._profile, beside_others=True)
        (batch,) = computed.passes([encoded], 0, len(encoded.ids), self._pad_id)
        with torch.inference_mode():
            return float(computed.losses(batch).double().sum())

    def _under(self, adapter: str) -> PreTrainedModel | PeftModel:
        """The base model, or the base under an adapter; the base's weights are never touched."""
        if adapter:
            name = adapter.replace(".", "_")  # torch allows no dots in module names
            self._model = load_adapter(self._model, Path(adapter), name)
        elif isinstance(self._model, PeftModel):
            self._model.base_model.disable_adapter_layers()
        return self._model

    def _translator(self, model: PreTrainedModel | PeftModel, adapter: str) -> Translator | None:
        """The newest few are kept: answers of several adapters are compared side by side."""
        if adapter not in self._translators:
            while len(self._translators) >= _TRANSLATORS:
                del self._translators[next(iter(self._translators))]
            self._translators[adapter] = make_translator(model, self._profile)
        return self._translators[adapter]
