"""The ways a model is made to translate, and all that the rest asks about each of them.

Whoever offers, explains, draws or branches on strategies reads this list; another one is added here
and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from engine.language.errors import UserError
from engine.language.said import Said, Words, listed


class Strategy(NamedTuple):
    """What the prompt holds, and whether an adapter is trained."""

    name: str
    """As commands, files and tables have it."""
    word: str
    """How a sentence calls it."""
    title: Said
    """What it does, in a line."""
    shows_examples: bool = False
    trains: bool = False
    mark: str = ""
    """The character of which its level on a chart is drawn; one that trains is a curve."""


ZERO_SHOT = Strategy(
    "zero-shot", "zero-shot", Said("Zero-shot: the base model and the instruction alone"), mark="-"
)
"""What every other is set against."""
FEW_SHOT = Strategy(
    "few-shot", "few-shot", Said("Few-shot: examples in the prompt"), shows_examples=True, mark="="
)
QLORA = Strategy(
    "qlora", "QLoRA", Said("QLoRA: a low-rank adapter on a quantised model"), trains=True
)
"""What is meant by training where nothing else is said."""
STRATEGIES = {strategy.name: strategy for strategy in (ZERO_SHOT, FEW_SHOT, QLORA)}
"""By name, in the order shown."""


def get(name: str) -> Strategy:
    """A strategy by name. Raises UserError."""
    try:
        return STRATEGIES[name]
    except KeyError:
        from engine.machine.checked_toml import nearest  # slow to import; help needs the list too

        raise UserError(
            "strategy: found '{name}', expected {known}{nearest}",
            name=name,
            known=listed(STRATEGIES),
            nearest=nearest(name, STRATEGIES),
        ) from None


def untrained() -> list[Strategy]:
    """Those that leave the model as it is."""
    return [one for one in STRATEGIES.values() if not one.trains]


def showing_examples() -> list[Strategy]:
    """Those whose prompts hold examples."""
    return [one for one in STRATEGIES.values() if one.shows_examples]


def training() -> list[Strategy]:
    """Those that train an adapter."""
    return [one for one in STRATEGIES.values() if one.trains]


def either(ones: Iterable[Strategy]) -> Words:
    """Some strategies in a sentence: `zero-shot, few-shot or QLoRA`."""
    *others, last = (one.word for one in ones)
    return Said("{others} or {last}", others=listed(others), last=last) if others else last
