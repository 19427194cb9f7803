"""Scaled copies of adapters' parameters side by side, all by one Triton kernel."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import triton
import triton.language as tl
from torch import Tensor

from engine.worker.fast.parts.adapters import Copy

_COPIED = 4096
"""Numbers that one program copies."""


class Copies:
    """All copies by one kernel, which reads in a table where they are."""

    def __init__(self, copies: Sequence[Copy]) -> None:
        self._copies = copies
        # What was recorded may still read the table from before parameters moved: all are kept.
        self._tables: dict[tuple[int, ...], tuple[Tensor, Tensor]] = {}

    def __call__(self) -> None:
        places = tuple(copy.source.data_ptr() for copy in self._copies)
        if places not in self._tables:
            self._tables[places] = self._table()
        table, scales = self._tables[places]
        like = self._copies[0]
        _copy_scaled[(len(table),)](table, scales, like.source, like.target, BLOCK=_COPIED)

    def _table(self) -> tuple[Tensor, Tensor]:
        """Of each block: from where, to where, first number, their count, columns, row stride of
        the target; and its scale."""
        rows, scales = [], []
        for copy in self._copies:
            source, target = copy.source, copy.target
            assert source.is_contiguous()
            for first in range(0, source.numel(), _COPIED):
                place = (source.data_ptr(), target.data_ptr(), first)
                rows.append((*place, source.numel(), source.shape[1], target.stride(0)))
                scales.append(copy.scale)
        device = self._copies[0].source.device
        return torch.tensor(rows, device=device), torch.tensor(scales, device=device)


@triton.jit
def _copy_scaled(table_, scales_, source_like_, target_like_, BLOCK: tl.constexpr):  # type: ignore[no-untyped-def]
    entry_ = table_ + tl.program_id(0) * 6
    source_ = tl.load(entry_).to(source_like_.dtype)
    target_ = tl.load(entry_ + 1).to(target_like_.dtype)
    at = tl.load(entry_ + 2).to(tl.int32) + tl.arange(0, BLOCK)
    inside = at < tl.load(entry_ + 3)
    columns = tl.load(entry_ + 4).to(tl.int32)
    scale = tl.load(scales_ + tl.program_id(0))
    numbers = tl.load(source_ + at, mask=inside).to(tl.float32) * scale
    place = at // columns * tl.load(entry_ + 5) + at % columns
    tl.store(target_ + place, numbers.to(target_like_.dtype.element_ty), mask=inside)
