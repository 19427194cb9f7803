"""How much memory a run by the fast engine will need, part by part, before it is started.

Model, adapter, gradients and optimizer are as under the plain engine (memory_estimate). Besides, in
bytes, with c for a number of the model's dtype:

    dequantised  c × linear parameters, where 4-bit weights are kept dequantised too; else those of
                 one layer, which each layer writes anew
    activations  tokens × fast_memory.bytes_a_token × held
    logits       one chunk of them × held

A pass is as large as its batch, its common prefix laid out once, or as the memory that is then
free. PyTorch holds more of the GPU than a pass at its worst moment: `held` is 1.2 where passes run
as they are, for fragments; 2.5 where they are recorded, for recordings have memory of their own,
different sizes fit badly together there, and each size is run once before it is recorded.

Held against what PyTorch had of an H100 at most (benchmarks/README.md), batches of 32, GiB without
the runtime, the largest batch that was drawn there put in:

    Gemma-2-2B                            20.6, measured 19.8
    without a shared prefix               27.1, measured 28.0
    Llama-3-8B                            52.1, measured 51.1
    without a shared prefix               69.5, measured 74.2
    Gemma-2-2B on 6 GiB, 8-bit AdamW       5.5, measured 5.9
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from engine.fast import memory
from engine.fast.memory import Use
from engine.models.model_shape import ModelShape
from engine.profile.schema import Profile
from engine.prompts.builder import Encoded
from engine.prompts.token_counts import TokenCounts
from engine.start.largest_pass import Load, largest_pass
from engine.start.memory_estimate import (
    GPU_RUNTIME,
    MemoryEstimate,
    linear_parameters,
    loaded_parts,
    trained_parts,
)

_WIDTH = 2
"""The fast engine computes in bfloat16."""
_HELD, _HELD_RECORDED = 1.2, 2.5
_GIB = 1 << 30


def estimate(
    profile: Profile,
    shape: ModelShape,
    train: Iterable[Encoded] | TokenCounts,
    test: Iterable[Encoded] | TokenCounts,
    free: int,
) -> MemoryEstimate:
    """The need of a run that learns `train`, or nothing, on a GPU with so much free memory."""
    run = _Run(profile, shape, TokenCounts.of(train), TokenCounts.of(test))
    room = min(free - GPU_RUNTIME, profile.model.gpu_memory * _GIB or math.inf) - run.loaded
    use = memory.choose_use(
        shape,
        int(room),
        run.cache,
        _WIDTH,
        cached_weights=profile.model.cached_weights,
        checkpointing=profile.training.gradient_checkpointing,
    )
    least = Use(checkpointing=profile.training.gradient_checkpointing)
    return MemoryEstimate(
        run.parts(use, int(room)), use=use, least=sum(run.parts(least, 0).values())
    )


class _Run:
    """What a run holds, however it is computed."""

    def __init__(
        self,
        profile: Profile,
        shape: ModelShape,
        train: TokenCounts,
        test: TokenCounts,
    ) -> None:
        self._profile, self._shape = profile, shape
        self._train, self._test = train, test
        self._model = loaded_parts(profile, shape, _WIDTH)
        self._trained = trained_parts(profile, shape) if train else {}
        quantised = profile.quantization.method != "none"
        self.cache = _WIDTH * linear_parameters(shape) if quantised else 0
        """Bytes of all weights dequantised."""
        self.loaded = sum(self._model.values()) + self._trained.get("adapter", 0)
        """Bytes that are held when it is decided what else will be."""

    def parts(self, use: Use, room: int) -> dict[str, int]:
        """By part; `room` is what is free once the model is loaded."""
        dequantised = self.cache if use.cached_weights else self.cache // self._shape.layers
        later = sum(self._trained.values()) - self._trained.get("adapter", 0)
        left = room - dequantised - later
        worst = max(self._training(use, left), self._scoring(left), key=sum)
        return {
            **self._model,
            "dequantised": dequantised,
            **self._trained,
            "activations": worst[0],
            "logits": worst[1],
            "runtime": GPU_RUNTIME,
        }

    def _training(self, use: Use, room: int) -> tuple[int, int]:
        how = {"training": True, "checkpointing": use.checkpointing}
        fit = memory.tokens_that_fit(self._shape, room, _WIDTH, **how, recorded=use.graphs)
        training = self._profile.training
        load = largest_pass(
            self._train,
            training.batch_size,
            training.tokens_per_pass or fit,
            shared=self._train.shared_prefix,
        )
        each = memory.bytes_a_token(self._shape, _WIDTH, **how)
        return self._held(load, each, _HELD_RECORDED if use.graphs else _HELD, room)

    def _scoring(self, room: int) -> tuple[int, int]:
        how = {"training": False, "checkpointing": False}
        fit = memory.tokens_that_fit(self._shape, room, _WIDTH, **how, recorded=False)
        load = largest_pass(
            self._test,
            len(self._test),
            self._profile.evaluation.tokens_per_pass or fit,
            shared=self._test.shared_prefix,
        )
        each = memory.bytes_a_token(self._shape, _WIDTH, **how)
        return self._held(load, each, _HELD, room)

    def _held(self, load: Load | None, each: int, held: float, room: int) -> tuple[int, int]:
        """Activations and logits; more than there is room for only where a pair needs it."""
        if load is None:
            return 0, 0
        logits = memory.logits_bytes(self._shape, _WIDTH, load.scored)
        whole = load.tokens * each + logits
        held = max(1.0, min(held, room / whole))
        return round(held * load.tokens * each), round(held * logits)
