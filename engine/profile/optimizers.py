"""The optimizers that a profile may name, and what the rest asks about each of them.

How one is made stands under the same name in `engine.worker.training.optimizers`.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.language.errors import UserError
from engine.language.said import listed

_BLOCK = 64
"""State values that share a quantisation constant."""


@dataclass(frozen=True)
class OptimizerFacts:
    """What one keeps in memory."""

    name: str
    state: float = 0.0
    """Bytes for each trained parameter."""
    factored_state: float = 0.0
    """Bytes for each row and each column of the trained matrices."""


_EIGHT_BITS = 2 + 2 / _BLOCK
OPTIMIZERS = {
    one.name: one
    for one in (
        OptimizerFacts("adamw", state=8),
        OptimizerFacts("adamw_8bit", state=_EIGHT_BITS),
        OptimizerFacts("paged_adamw_8bit", state=_EIGHT_BITS),
        OptimizerFacts("adafactor", factored_state=4),
    )
}


def get(name: str) -> OptimizerFacts:
    """An optimizer by name. Raises UserError."""
    try:
        return OPTIMIZERS[name]
    except KeyError:
        raise UserError(
            "training.optimizer: found '{name}', expected {known}",
            name=name,
            known=listed(OPTIMIZERS),
        ) from None
