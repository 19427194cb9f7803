"""The LoRA adapters, laid out for fused linears; PEFT's own parameters stay the ones that train."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn

from engine.worker.fast.parts.architecture import Unsupported

OUTPUTS = 128
"""Of one linear, as many as a kernel has in a block."""


@dataclass(frozen=True)
class Slot:
    """One linear's adapter within a fused one."""

    a: nn.Parameter
    """[r, K]."""
    b: nn.Parameter
    """[n, r]."""
    outputs: slice
    ranks: slice


class FusedAdapter:
    """The adapters of several linears that read the same input: y += (drop(x) Aᵀ) Bᵀ.

    A stacks the linears' A. B holds theirs along its diagonal, times the scaling.
    """

    def __init__(
        self, slots: Sequence[Slot], outputs: int, scaling: float, dropout: float, like: Tensor
    ) -> None:
        self.slots = tuple(slots)
        self.scaling = scaling
        self.dropout = dropout
        rank = padded_rank(max(slot.ranks.stop for slot in slots))
        inputs = slots[0].a.shape[1]
        self.a = torch.zeros(rank, inputs, dtype=like.dtype, device=like.device)
        self.b = torch.zeros(outputs, rank, dtype=like.dtype, device=like.device)
        self.blocks = torch.tensor(list(_blocks(self.slots)), dtype=torch.int32).to(like.device)
        """For kernels, int32: of each block of outputs the first one, how many, the first rank, how
        many, and where their gradient begins if those of all B lie one after another."""
        self.leaves: tuple[Tensor, ...] = self.parameters
        """What the products are differentiated by."""

    @property
    def parameters(self) -> tuple[nn.Parameter, ...]:
        """PEFT's parameters, A and B of each linear in turn."""
        return tuple(p for slot in self.slots for p in (slot.a, slot.b))

    def gradients(self, grad_a: Tensor, grads_b: Sequence[Tensor]) -> list[Tensor]:
        """The gradients of `parameters`, of the fused A's and of each B's."""
        found = []
        for slot, grad_b in zip(self.slots, grads_b):
            found.append(grad_a[slot.ranks].to(slot.a.dtype))
            found.append(grad_b.to(slot.b.dtype))
        return found


@dataclass(frozen=True)
class Copy:
    """A matrix to be copied into a part of another, of another dtype."""

    source: Tensor
    target: Tensor
    scale: float


Copying = Callable[[Sequence[Copy]], Callable[[], None]]
"""Prepares copies, one at least; what comes of it makes them all, whenever it is called."""


class Adapters:
    """All fused adapters of a model, brought up to date together."""

    def __init__(self, fused: Sequence[FusedAdapter], copying: Copying) -> None:
        self._fused = tuple(fused)
        copies = []
        for adapter in fused:
            for slot in adapter.slots:
                copies.append(Copy(slot.a, adapter.a[slot.ranks], 1.0))
                into_b = adapter.b[slot.outputs, slot.ranks]
                copies.append(Copy(slot.b, into_b, adapter.scaling))
        self._copy = copying(copies) if copies else None

    @contextmanager
    def differentiated_by(self, leaves: Mapping[nn.Parameter, Tensor]) -> Iterator[None]:
        """Within it, graphs end at other leaves than the parameters."""
        for adapter in self._fused:
            adapter.leaves = tuple(leaves[parameter] for parameter in adapter.parameters)
        try:
            yield
        finally:
            for adapter in self._fused:
                adapter.leaves = adapter.parameters

    @torch.no_grad()
    def refresh(self) -> None:
        """Copy PEFT's parameters into the fused matrices, in the dtype of computation."""
        if self._copy is not None:
            self._copy()


def fuse_adapters(
    modules: Sequence[nn.Module], sizes: Sequence[int], like: Tensor
) -> FusedAdapter | None:
    """The active adapters on some linears, or None where there are none. Raises Unsupported."""
    slots: list[Slot] = []
    kinds: set[tuple[float, float]] = set()
    row = rank = 0
    for module, size in zip(modules, sizes):
        name = active_adapter(module)
        if name is not None and isinstance(module, LoraLayer):
            a, b = module.lora_A[name].weight, module.lora_B[name].weight
            ranks = slice(rank, rank + a.shape[0])
            slots.append(Slot(a, b, slice(row, row + size), ranks))
            dropout = float(getattr(module.lora_dropout[name], "p", 0.0))
            kinds.add((float(module.scaling[name]), dropout))
            rank = ranks.stop
        row += size
    if len(kinds) > 1:
        raise Unsupported("adapters of one layer have different scaling or dropout")
    return FusedAdapter(slots, row, *kinds.pop(), like) if slots else None


def active_adapter(module: nn.Module) -> str | None:
    """The name of the adapter that a layer now applies. Raises Unsupported for several."""
    if not isinstance(module, LoraLayer) or module.disable_adapters:
        return None
    active = [name for name in module.active_adapters if name in module.lora_A]
    if len(active) > 1:
        raise Unsupported("several adapters are active at once")
    return active[0] if active else None


def _blocks(slots: Sequence[Slot]) -> Iterator[tuple[int, int, int, int, int]]:
    place = 0
    for slot in slots:
        rank = slot.b.shape[1]
        for output in range(slot.outputs.start, slot.outputs.stop, OUTPUTS):
            count = min(OUTPUTS, slot.outputs.stop - output)
            yield output, count, slot.ranks.start, rank, place
            place += count * rank


def padded_rank(rank: int) -> int:
    """What the kernels ask of an inner dimension: a power of two, at least 16."""
    return max(16, 1 << (rank - 1).bit_length())
