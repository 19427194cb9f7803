"""Translates token by token from a static cache; on a GPU each step is one CUDA graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor

from engine.profile.schema import Generation
from engine.prompts.builder import Encoded
from engine.worker.batching.batches import plan_passes
from engine.worker.fast.decode_linear import Quantised, matrix, merged
from engine.worker.fast.forward import FastDecoder
from engine.worker.fast.graphs import Recorded
from engine.worker.fast.parts.layout import BLOCK, lay_out
from engine.worker.fast.reference import decode
from engine.worker.fast.reference.linear import Linear, Multiply
from engine.worker.fast.sampling import choose

LENGTHS = 256
"""Caches hold a multiple of so many tokens: few sizes, so that recorded graphs are used again."""

Form = Literal["adapted", "merged", "quantised"]
"""Base and adapter apart; added up in one matrix; or the base straight from 4 bits."""


class Translator:
    """Continues prompts by one model under one adapter."""

    def __init__(self, fast: FastDecoder, form: Form = "adapted") -> None:
        self._fast = fast
        self._form = form
        self._kernels = fast.ingredients.kernels
        self._steps: dict[tuple[int, int], _Step] = {}
        self._attend = _attention(self._kernels)
        self.use_adapter()

    @torch.inference_mode()
    def use_adapter(self) -> None:
        """Make the linears anew, after the decoder's adapter has changed."""
        fast = self._fast
        fast.adapters.refresh()
        makers: dict[Form, Callable[[Linear], Multiply]] = {
            "adapted": lambda linear: linear,
            "merged": lambda linear: merged(linear, kernels=self._kernels),
            "quantised": Quantised,
        }
        self._steps.clear()
        self.linears = [[makers[self._form](linear) for linear in layer] for layer in fast.linears]
        self._head = matrix(fast.decoder.head, kernels=self._kernels)

    @torch.inference_mode()
    def generate(
        self,
        prompts: Sequence[Sequence[int]],
        stop_ids: frozenset[int],
        settings: Generation,
        *,
        stop_requested: Callable[[], bool] = lambda: False,
        on_token: Callable[[int], None] | None = None,
    ) -> list[list[int]]:
        """The continuation of each prompt, without the stop token, as generate.generate's."""
        self._fast.adapters.refresh()
        longest = max(len(prompt) for prompt in prompts) + settings.max_new_tokens
        step = self._step(len(prompts), -(-longest // LENGTHS) * LENGTHS)
        tokens = choose(self._read(prompts, step), settings)
        answers: list[list[int]] = [[] for _ in prompts]
        unfinished = set(range(len(prompts)))
        for left in reversed(range(settings.max_new_tokens)):
            arriving = _Arriving(tokens)
            # A GPU goes on to the next token while the host looks at this one.
            following = choose(step(tokens), settings) if left and step.recorded else None
            for row, token in enumerate(arriving.wait()):
                if token in stop_ids:
                    unfinished.discard(row)
                if row in unfinished:
                    answers[row].append(token)
            if on_token is not None and unfinished:
                on_token(answers[0][-1])
            if not left or not unfinished or stop_requested():
                break
            tokens = choose(step(tokens), settings) if following is None else following
        return answers

    def _step(self, rows: int, length: int) -> _Step:
        if (rows, length) not in self._steps:
            self._steps[rows, length] = _Step(self, self._fast, rows, length)
        return self._steps[rows, length]

    def _read(self, prompts: Sequence[Sequence[int]], step: _Step) -> Tensor:
        """Fill the cache with the prompts; the logits that follow each: [B, V]."""
        fast = self._fast
        packed = fast.ingredients.attention != "masked"
        encoded = [Encoded("", list(ids), [0] * len(ids)) for ids in prompts]
        total = sum(len(ids) for ids in prompts)
        (batch,) = plan_passes(
            encoded, row_tokens=total if packed else 0, tokens_per_pass=total**2, pad_id=0
        )
        layout = lay_out(batch, fast.shape.windows, BLOCK if packed else 1).to(fast.device)
        batch = batch.to(fast.device)
        width = layout.frame.width
        at = (batch.documents >= 0).nonzero()
        rows = at[:, 0] * width + at[:, 1]
        documents, places = batch.documents[at[:, 0], at[:, 1]], batch.positions[at[:, 0], at[:, 1]]

        def keep(layer: int, keys: Tensor, values: Tensor) -> None:
            step.keys[layer, documents, :, places] = keys[rows]
            step.values[layer, documents, :, places] = values[rows]

        lengths = torch.tensor([len(ids) for ids in prompts], device=fast.device)
        step.positions.copy_(lengths)
        last = places == lengths[documents] - 1
        order = documents[last].argsort()
        return self._logits(fast.states(layout, rows[last][order], None, keep, self.linears))

    def forward(
        self,
        tokens: Tensor,
        positions: Tensor,
        angles: tuple[Tensor, Tensor],
        keys: Tensor,
        values: Tensor,
    ) -> Tensor:
        """One token more for each row: [B] -> logits [B, V]. `angles`: of all positions."""
        fast = self._fast
        pointwise, layers = fast.pointwise, fast.decoder.layers
        stream = fast.embed(tokens)
        cos, sin = (of_all[positions] for of_all in angles)
        normed = pointwise.norm(stream, layers[0].norm_in)
        for number, layer in enumerate(layers):
            qkv, out, gate_up, down = self.linears[number]
            q, k, v = pointwise.rotate(qkv(normed), cos, sin, layer.norm_queries, layer.norm_keys)
            attended = self._attend(
                q,
                k,
                v,
                keys[number],
                values[number],
                positions,
                fast.shape.windows[number],
                fast.shape.attention_scale,
                fast.shape.attention_cap,
            )
            stream, normed = pointwise.join(
                stream, out(attended), layer.norm_attended, layer.norm_mlp
            )
            output = down(pointwise.gate(gate_up(normed)))
            stream, normed = pointwise.join(stream, output, layer.norm_out, fast.next_norm(number))
        return self._logits(normed)

    def _logits(self, states: Tensor) -> Tensor:
        """[B, H] -> [B, V] float32: capped, which tells when tokens are drawn."""
        logits, cap = self._head(states).float(), self._fast.shape.logits_cap
        return cap * torch.tanh(logits / cap) if cap else logits


class _Step:
    """The cache for so many rows of so many tokens, and the step that adds a token to each."""

    def __init__(self, translator: Translator, fast: FastDecoder, rows: int, length: int) -> None:
        shape = fast.shape
        size = (len(fast.decoder.layers), rows, shape.kv_heads, length, shape.head_dim)
        self.keys = torch.zeros(size, dtype=fast.dtype, device=fast.device)
        self.values = torch.zeros_like(self.keys)
        self.positions = torch.zeros(rows, dtype=torch.long, device=fast.device)
        self._tokens = torch.zeros_like(self.positions)
        angles = fast.angles(torch.arange(length, device=fast.device))

        def step() -> Tensor:
            return translator.forward(self._tokens, self.positions, angles, self.keys, self.values)

        self.recorded = fast.device.type == "cuda"
        self._run = Recorded(step) if self.recorded else step

    def __call__(self, tokens: Tensor) -> Tensor:
        """Logits after these tokens, which come next in each row."""
        self._tokens.copy_(tokens)
        logits = self._run()
        self.positions += 1
        return logits


class _Arriving:
    """Tokens on their way to the host; what the GPU does afterwards does not hold them up."""

    def __init__(self, tokens: Tensor) -> None:
        self._there: torch.cuda.Event | None = None
        if tokens.is_cuda:
            host = torch.empty(tokens.shape, dtype=tokens.dtype, pin_memory=True)
            tokens = host.copy_(tokens, non_blocking=True)
            self._there = torch.cuda.Event()
            self._there.record()
        self._tokens = tokens

    def wait(self) -> list[int]:
        if self._there is not None:
            self._there.synchronize()
        return list(self._tokens.tolist())


def _attention(kernels: bool) -> Callable[..., Tensor]:
    if not kernels:
        return decode.attend
    from engine.worker.fast.kernels.decode import attend

    return attend
