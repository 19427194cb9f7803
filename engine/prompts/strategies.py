"""The three ways a model is made to translate: zero-shot, few-shot, QLoRA."""

from __future__ import annotations

from dataclasses import dataclass

from engine.language.errors import UserError
from engine.language.said import Said, listed
from engine.machine.checked_toml import nearest


@dataclass(frozen=True)
class Strategy:
    """What the prompt holds, and whether an adapter is trained."""

    name: str
    title: Said
    shows_examples: bool = False
    trains: bool = False


ZERO_SHOT = Strategy("zero-shot", Said("Zero-shot: the base model and the instruction alone"))
FEW_SHOT = Strategy("few-shot", Said("Few-shot: examples in the prompt"), shows_examples=True)
QLORA = Strategy("qlora", Said("QLoRA: a low-rank adapter on a quantised model"), trains=True)
STRATEGIES = {strategy.name: strategy for strategy in (ZERO_SHOT, FEW_SHOT, QLORA)}


def get(name: str) -> Strategy:
    """A strategy by name. Raises UserError."""
    try:
        return STRATEGIES[name]
    except KeyError:
        raise UserError(
            "strategy: found '{name}', expected {known}{nearest}",
            name=name,
            known=listed(STRATEGIES),
            nearest=nearest(name, STRATEGIES),
        ) from None
