"""LoRA's dropout as a hash of place and seed: nothing to store, the same in every kernel."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

_LOW = 0xFFFFFFFF
ROW_STEP = 0x9E3779B1
"""2³² / golden ratio, made prime: spreads consecutive rows over all keys (Knuth 1998, 6.4)."""
COLUMN_STEP = 0x85EBCA77
"""Another large prime (of xxHash, Collet 2012), so that a row's key is no column's."""
COLUMN_SALT = 0x5BD1E995
"""Sets the columns' keys apart from the rows' of the same seed."""
MIX_FIRST, MIX_SECOND = 0x85EBCA6B, 0xC2B2AE35
"""Factors of MurmurHash3's finalizer (Appleby 2011)."""
BITS = 24
"""Bits of the hash that are compared with the share to drop."""


@dataclass(frozen=True)
class Dropout:
    """Which inputs [T, K] of an adapter are dropped in one pass.

    The linears of a fused group share one mask, where peft draws one for each.
    """

    share: float
    seed: Tensor
    """[1] int64, drawn for the pass."""
    salt: int
    """Tells the layers' masks apart."""

    @property
    def threshold(self) -> int:
        """Hashes below it are dropped."""
        return round(self.share * (1 << BITS))

    @property
    def scale(self) -> float:
        """What makes up for the dropped inputs."""
        return 1 / (1 - self.share) if self.share < 1 else 0.0

    def apply(self, x: Tensor) -> Tensor:
        """Drop and scale; its own derivative."""
        return torch.where(self.kept(x.shape[0], x.shape[1]), x * self.scale, 0)

    def kept(self, rows: int, columns: int) -> Tensor:
        """[rows, columns] bool: what stays.

        Rows and columns have keys of their own, so little is left to do for each place.
        """
        key = self.seed + self.salt
        of_row = _mixed(torch.arange(rows, device=key.device) * ROW_STEP + key)
        of_column = _mixed(
            torch.arange(columns, device=key.device) * COLUMN_STEP + (key ^ COLUMN_SALT)
        )
        mixed = ((of_row[:, None] ^ of_column) * ROW_STEP) & _LOW
        mixed = ((mixed ^ (mixed >> 15)) * MIX_FIRST) & _LOW
        return (mixed >> (32 - BITS)) >= self.threshold


def _mixed(keys: Tensor) -> Tensor:
    """The finalizer of MurmurHash3 (Appleby 2011), of the lower 32 bits."""
    mixed = keys & _LOW
    mixed = ((mixed ^ (mixed >> 16)) * MIX_FIRST) & _LOW
    mixed = ((mixed ^ (mixed >> 13)) * MIX_SECOND) & _LOW
    return mixed ^ (mixed >> 16)
