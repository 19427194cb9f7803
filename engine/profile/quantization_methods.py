"""The ways to quantise that a profile may name, and what the rest asks about each of them.

How weights are loaded in one stands under the same name in `engine.worker.model.loading`, how a
hand-in loads them in `engine.course.scripts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.language.errors import UserError
from engine.language.said import listed

if TYPE_CHECKING:
    from engine.profile.schema import Quantization

_BLOCK = 64
"""4-bit weights that share a constant of four bytes."""
_DOUBLE_BLOCK = 256
"""Constants, of one byte then, that share a constant of their own (QLoRA, section 3)."""


@dataclass(frozen=True)
class QuantizationMethod:
    """How the weights of linear layers are kept."""

    name: str
    bits: int | None
    """Of a weight; None: as the model computes, nothing is quantised."""

    @property
    def is_four_bit(self) -> bool:
        """Has it blocks, constants that may be quantised too, and products in a type of its own?"""
        return self.bits == 4

    def weight_bytes(self, unquantised: float, *, double: bool) -> float:
        """Bytes of a weight, its share of the constants included.

        `unquantised` is what the type takes that the model computes in.
        """
        if self.bits is None:
            return unquantised
        if not self.is_four_bit:
            return self.bits / 8
        constants = (1 + 4 / _DOUBLE_BLOCK) / _BLOCK if double else 4 / _BLOCK
        return self.bits / 8 + constants


QUANTIZATION_METHODS = {
    one.name: one
    for one in (
        QuantizationMethod("none", bits=None),
        QuantizationMethod("nf4", bits=4),
        QuantizationMethod("fp4", bits=4),
        QuantizationMethod("int8", bits=8),
    )
}


def get(quantization: Quantization) -> QuantizationMethod:
    """The method that a profile names. Raises UserError."""
    try:
        return QUANTIZATION_METHODS[quantization.method]
    except KeyError:
        raise UserError(
            "quantization.method: found '{name}', expected {known}",
            name=quantization.method,
            known=listed(QUANTIZATION_METHODS),
        ) from None
