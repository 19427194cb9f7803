"""The decoder's forward pass, in functions over flat rows of tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from peft import PeftModel
from torch import Tensor
from torch.utils.checkpoint import checkpoint
from transformers import PreTrainedModel

from engine.worker.fast.ingredients import Ingredients
from engine.worker.fast.parts.adapters import Adapters, fuse_adapters
from engine.worker.fast.parts.architecture import Decoder, Unsupported, read_decoder
from engine.worker.fast.parts.layout import Layout, Spans
from engine.worker.fast.parts.weights import FusedWeight, fuse
from engine.worker.fast.reference.linear import Linear, Multiply
from engine.worker.fast.reference.pointwise import rotary_angles

KeepKeys = Callable[[int, Tensor, Tensor], None]
"""Told a layer's number, keys and values: [T, kv_heads, D] each."""


class FastDecoder:
    """One base model with the adapter that is active on it."""

    def __init__(self, model: PreTrainedModel | PeftModel, ingredients: Ingredients) -> None:
        self.decoder: Decoder = read_decoder(model)
        self.shape = self.decoder.shape
        self.ingredients = ingredients
        self.dtype = self.decoder.norm_last.dtype
        self.device = self.decoder.embeddings.device
        if self.decoder.embeddings.dtype != self.dtype:
            raise Unsupported("parts of the model have different types")
        self.weights: list[tuple[FusedWeight, ...]] = fuse(
            self.decoder, self.dtype, keep=ingredients.cached_weights
        )
        self.attention = ingredients.make_attention(self.shape)
        self.pointwise = ingredients.make_pointwise(self.shape)
        self.cross_entropy = ingredients.make_cross_entropy()
        self._low_rank = ingredients.make_low_rank()
        scale = self.shape.hidden**0.5 if self.shape.family.scales_embeddings else None
        self._embedding_scale = None if scale is None else torch.tensor(scale, dtype=self.dtype)
        self.use_adapter(model)

    def use_adapter(self, model: PreTrainedModel | PeftModel) -> None:
        """Read the active adapter off the model: after another one was switched to."""
        layers = read_decoder(model).layers
        self.linears: list[tuple[Linear, ...]] = []
        for layer, weights in zip(layers, self.weights):
            self.linears.append(
                tuple(
                    Linear(
                        weight,
                        fuse_adapters(modules, weight.sizes, self.decoder.norm_last),
                        self._low_rank,
                        salt=7919 * (4 * len(self.linears) + number),
                    )
                    for number, (modules, weight) in enumerate(zip(layer.groups, weights))
                )
            )
        linears = [linear for layer in self.linears for linear in layer]
        fused = [linear.adapter for linear in linears if linear.adapter]
        self.adapters = Adapters(fused, self._low_rank.copying)

    def states(
        self,
        layout: Layout,
        rows: Tensor,
        seed: Tensor | None,
        keep: KeepKeys | None = None,
        linears: Sequence[Sequence[Multiply]] | None = None,
    ) -> Tensor:
        """What the head reads at L of the R·T rows: [L, H]. With a seed, dropout is on.

        `linears`: what each layer multiplies by instead of its own.
        """
        decoder = self.decoder
        stream = self.embed(layout.ids)
        angles = self.angles(layout.positions)
        normed = self.pointwise.norm(stream, decoder.layers[0].norm_in)
        last = len(decoder.layers) - 1
        for number in range(len(decoder.layers)):
            spans = layout.spans[self.shape.windows[number]]
            multiply = (linears or self.linears)[number]
            read = rows if number == last else None
            if self.ingredients.checkpointing and torch.is_grad_enabled():
                stream, normed = checkpoint(
                    self._layer, number, multiply, stream, normed, angles, spans, read, seed, keep,
                    use_reentrant=False, preserve_rng_state=False,
                )  # fmt: skip
            else:
                stream, normed = self._layer(
                    number, multiply, stream, normed, angles, spans, read, seed, keep
                )
        return normed

    def embed(self, ids: Tensor) -> Tensor:
        """The residual stream's beginning: [T, H]."""
        stream = F.embedding(ids, self.decoder.embeddings)
        return stream if self._embedding_scale is None else stream * self._embedding_scale

    def angles(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """The rotary embedding's cosines and sines: [T, D] each."""
        decoder = self.decoder
        return rotary_angles(positions, decoder.frequencies, decoder.rotary_scale, self.dtype)

    def _layer(
        self,
        number: int,
        linears: Sequence[Multiply],
        stream: Tensor,
        normed: Tensor,
        angles: tuple[Tensor, Tensor],
        spans: Spans,
        read: Tensor | None,
        seed: Tensor | None,
        keep: KeepKeys | None,
    ) -> tuple[Tensor, Tensor]:
        """The stream after a layer, and it normed for the next layer or the head.

        `read`: the rows that anyone reads; None for all.
        """
        layer, pointwise = self.decoder.layers[number], self.pointwise
        qkv, out, gate_up, down = linears
        q, k, v = pointwise.rotate(qkv(normed, seed), *angles, layer.norm_queries, layer.norm_keys)
        if keep is not None:
            keep(number, k, v)
        attended = self.attention(q, k, v, spans)
        if read is not None:
            attended, stream = attended.index_select(0, read), stream.index_select(0, read)
        attended = out(attended, seed)
        stream, normed = pointwise.join(stream, attended, layer.norm_attended, layer.norm_mlp)
        output = down(pointwise.gate(gate_up(normed, seed)), seed)
        return pointwise.join(stream, output, layer.norm_out, self.next_norm(number))

    def next_norm(self, number: int) -> Tensor:
        """The norm that comes after a layer: the next layer's first, or the last of all."""
        if number + 1 < len(self.decoder.layers):
            return self.decoder.layers[number + 1].norm_in
        return self.decoder.norm_last
