"""The frozen weights: linears with the same input as one matrix, dequantised once or at use."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import bitsandbytes as bnb
import torch
from torch import Tensor, nn

from engine.worker.fast.parts.architecture import Decoder, base_linear
from engine.worker.fast.parts.four_bits import FourBits, put_together


class FusedWeight:
    """Several linears' weights under one another: [N, K] in the dtype of computation."""

    def __init__(
        self, modules: Sequence[nn.Module], dtype: torch.dtype, scratch: dict[str, Tensor]
    ) -> None:
        self.linears = [base_linear(module) for module in modules]
        self.sizes = [int(linear.out_features) for linear in self.linears]
        self.inputs = int(self.linears[0].in_features)
        self._dtype = dtype
        self._scratch = scratch
        self._kept: Tensor | None = None

    @property
    def quantised(self) -> bool:
        """Is any part of it stored in 4 bits?"""
        return any(isinstance(linear, bnb.nn.Linear4bit) for linear in self.linears)

    @property
    def outputs(self) -> int:
        return sum(self.sizes)

    @property
    def kept(self) -> bool:
        """Does `tensor` stay valid?"""
        return self._kept is not None

    def keep(self) -> None:
        """Hold the matrix from now on.

        Unquantised linears give up their own storage and become views of it, so it costs nothing.
        """
        if len(self.linears) == 1 and not self.quantised:
            self._kept = self.linears[0].weight.data.to(self._dtype)
            return
        self._kept = self._kept_before()
        if self._kept is not None:
            return
        kept = torch.empty(self.outputs, self.inputs, dtype=self._dtype, device=self.device)
        self.write_to(kept)
        self._kept = kept
        for linear, part in zip(self.linears, kept.split(self.sizes)):
            if not isinstance(linear, bnb.nn.Linear4bit) and linear.weight.dtype == self._dtype:
                linear.weight.data = part

    def _kept_before(self) -> Tensor | None:
        """The matrix that the linears are views of since another decoder of the model kept it."""
        if self.quantised:
            return None
        parts = [linear.weight.data for linear in self.linears]
        first, place = parts[0], parts[0].storage_offset()
        for part in parts:
            is_next = (
                part.dtype == self._dtype
                and part.is_contiguous()
                and part.untyped_storage().data_ptr() == first.untyped_storage().data_ptr()
                and part.storage_offset() == place
            )
            if not is_next:
                return None
            place += part.numel()
        return first.as_strided((self.outputs, self.inputs), (self.inputs, 1))

    @property
    def device(self) -> torch.device:
        return torch.device(self.linears[0].weight.device)

    @cached_property
    def four_bits(self) -> FourBits:
        """The matrix as it is stored. Raises Unsupported where that is not in 4 bits."""
        return put_together(self.linears)

    def tensor(self) -> Tensor:
        """The matrix; valid until the next weight of the same shape is asked for."""
        if self._kept is not None:
            return self._kept
        key = f"{self.outputs}x{self.inputs}"
        if key not in self._scratch:
            self._scratch[key] = torch.empty(
                self.outputs, self.inputs, dtype=self._dtype, device=self.device
            )
        self.write_to(self._scratch[key])
        return self._scratch[key]

    def write_to(self, target: Tensor) -> None:
        """Fill a matrix with the weights, dequantised."""
        for linear, part in zip(self.linears, target.split(self.sizes)):
            weight = linear.weight
            if isinstance(linear, bnb.nn.Linear4bit):
                _dequantise(weight, part)
            else:
                part.copy_(weight.data)


def _dequantise(weight: bnb.nn.Params4bit, target: Tensor) -> None:
    state = weight.quant_state
    if target.is_cuda and state.dtype == target.dtype:  # on a CPU it cannot write in place
        bnb.functional.dequantize_4bit(weight.data, state, out=target)
    else:
        target.copy_(bnb.functional.dequantize_4bit(weight.data, state).view(target.shape))


def fuse(decoder: Decoder, dtype: torch.dtype, *, keep: bool) -> list[tuple[FusedWeight, ...]]:
    """Each layer's four matrices; dequantised now and kept, or at each use in scratch memory."""
    scratch: dict[str, Tensor] = {}
    layers = []
    for layer in decoder.layers:
        fused = tuple(FusedWeight(group, dtype, scratch) for group in layer.groups)
        for weight in fused:
            if keep or not weight.quantised:
                weight.keep()
        layers.append(fused)
    return layers


def kept_bytes(decoder: Decoder, dtype: torch.dtype) -> int:
    """Memory that keeping the dequantised weights would take."""
    linears = [base_linear(m) for layer in decoder.layers for group in layer.groups for m in group]
    numbers = sum(
        int(linear.in_features) * int(linear.out_features)
        for linear in linears
        if isinstance(linear, bnb.nn.Linear4bit)
    )
    return numbers * dtype.itemsize
