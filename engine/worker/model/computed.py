"""Chooses which engine computes a model, the plain or the fast one, and says why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

import bitsandbytes as bnb
import torch
from peft import PeftModel
from torch import Tensor
from transformers import PreTrainedModel

from engine.fast import memory as fast_memory
from engine.fast import support
from engine.fast.memory import Use
from engine.language.errors import UserError
from engine.language.said import Said, Words
from engine.profile.schema import Generation, Profile
from engine.prompts.builder import Encoded
from engine.worker.batching.batches import Pass
from engine.worker.fast.decode import Form, Translator
from engine.worker.fast.forward import FastDecoder
from engine.worker.fast.ingredients import Ingredients, kernels_can_run
from engine.worker.fast.model import FastModel
from engine.worker.fast.parts.architecture import Unsupported, base_linear, read_decoder
from engine.worker.fast.parts.weights import kept_bytes
from engine.worker.model.plain import PlainModel
from engine.worker.process import memory

Model: TypeAlias = "PreTrainedModel | PeftModel"


class Computed(Protocol):
    """What training, scoring and translating ask of a model, whichever engine computes it."""

    model: Model
    device: torch.device
    dtype: torch.dtype
    products_in: torch.dtype
    """Of products with 4-bit weights."""
    engine: Words
    """Which engine it is, for the definition of a number: "fast", or "plain" and why."""
    attention: str
    """The attention that is really computed."""

    def losses(self, batch: Pass) -> Tensor:
        """The loss at each label row: [L] float32."""

    def passes(
        self, encoded: Sequence[Encoded], row_tokens: int, tokens_per_pass: int, pad_id: int
    ) -> list[Pass]:
        """Lay items out as this engine computes them best; 0 tokens: as many as fit."""

    def generate(
        self,
        prompts: Sequence[Sequence[int]],
        stop_ids: frozenset[int],
        settings: Generation,
        pad_id: int,
        *,
        stop_requested: Callable[[], bool] = ...,
        on_token: Callable[[int], None] | None = ...,
    ) -> list[list[int]]:
        """The continuation of each prompt, without the stop token."""

    def save_memory(self) -> None:
        """Hold less from now on: memory has run out."""


def choose_engine(model: Model, profile: Profile, *, beside_others: bool = False) -> Computed:
    """A model by the engine that a profile asks for, or the best that can run. Raises UserError.

    `beside_others`: on a base that translators use too, so that what is made holds no weights and
    only scores.
    """
    asked = profile.model.engine
    try:
        refuse_fast(model, profile)
        return FastModel(model, ingredients_for(model, profile, spare=beside_others))
    except Unsupported as why:
        if asked == "fast":
            raise UserError('model.engine = "fast": cannot be used: {why}', why=why.said) from None
        computed = PlainModel(model)
        computed.engine = Said("plain ({why})", why=why.said)
        if asked == "auto" and computed.device.type == "cpu" and not beside_others:
            computed.translator = make_translator(model, profile)
        return computed


def refuse_fast(model: Model, profile: Profile) -> None:
    """Raises Unsupported if the fast engine cannot compute this model here."""
    gpu = torch.cuda.is_available()
    capability = torch.cuda.get_device_capability() if gpu else None
    triton = kernels_can_run()
    if why := support.why_not(profile, gpu=gpu, triton=triton, capability=capability):
        raise Unsupported(why)
    if read_decoder(model).norm_last.dtype != torch.bfloat16:
        raise Unsupported("not computed in bfloat16")


def ingredients_for(model: Model, profile: Profile, *, spare: bool = False) -> Ingredients:
    """What the fast engine is made of: all that memory permits, or what holds next to none."""
    decoder = read_decoder(model)
    if spare:
        return Ingredients.of_gpu(decoder.shape, Use())
    dtype = decoder.norm_last.dtype
    use = fast_memory.choose_use(
        decoder.shape,
        memory.free_bytes(decoder.embeddings.device),
        kept_bytes(decoder, dtype),
        dtype.itemsize,
        cached_weights=profile.model.cached_weights,
        checkpointing=profile.training.gradient_checkpointing,
    )
    return Ingredients.of_gpu(decoder.shape, use)


def make_translator(model: Model, profile: Profile) -> Translator | None:
    """Our own generation under the adapter that is now active; None: transformers must do it.

    On a CPU too: it dequantises the weights once, not at each token.
    """
    if profile.model.engine == "plain":
        return None
    try:
        decoder = read_decoder(model)
        dtype, device = decoder.norm_last.dtype, decoder.embeddings.device
        free, cache = memory.free_bytes(device), kept_bytes(decoder, dtype)
        if device.type == "cpu":
            return Translator(FastDecoder(model, Ingredients())) if 4 * cache <= free else None
        refuse_fast(model, profile)
        fits = profile.model.cached_weights is not False and fast_memory.permits_cache(
            decoder.shape, free, cache, dtype.itemsize
        )
        made = Ingredients.of_gpu(decoder.shape, Use())
        return Translator(FastDecoder(model, made), "merged" if fits else _unmerged(model))
    except Unsupported:
        return None


def _unmerged(model: Model) -> Form:
    linears = [m for layer in read_decoder(model).layers for group in layer.groups for m in group]
    four_bits = all(isinstance(base_linear(m), bnb.nn.Linear4bit) for m in linears)
    return "quantised" if four_bits and kernels_can_run() else "adapted"
