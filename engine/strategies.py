"""The three ways a model is made to translate: zero-shot, few-shot, QLoRA."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from engine.dataset import Pair
from engine.directions import DIRECTIONS
from engine.errors import UserError
from engine.profile_check import nearest


@dataclass(frozen=True)
class Strategy:
    """What the prompt holds, and whether an adapter is trained."""

    name: str
    title: str
    shows_examples: bool = False
    trains: bool = False


ZERO_SHOT = Strategy("zero-shot", "Zero-shot: the base model and the instruction alone")
FEW_SHOT = Strategy("few-shot", "Few-shot: examples in the prompt", shows_examples=True)
QLORA = Strategy("qlora", "QLoRA: a low-rank adapter on a quantised model", trains=True)
STRATEGIES = {strategy.name: strategy for strategy in (ZERO_SHOT, FEW_SHOT, QLORA)}


def get(name: str) -> Strategy:
    """A strategy by name. Raises UserError."""
    try:
        return STRATEGIES[name]
    except KeyError:
        raise UserError(
            f"strategy: found '{name}', expected {', '.join(STRATEGIES)}{nearest(name, STRATEGIES)}"
        ) from None


def draw_examples(
    train: Sequence[Pair], scored: Sequence[Pair], count: int, seed: int
) -> list[Pair]:
    """Draw few-shot examples from the training pairs, the two directions in turn.

    A pair that also stands in the scored file, in either direction, is never drawn.
    Raises UserError when there are fewer than `count`.
    """
    forbidden = {text for pair in scored for text in (pair.source_text, pair.output) if text}
    pairs = [p for p in train if p.source_text not in forbidden and p.output not in forbidden]
    random.Random(seed).shuffle(pairs)
    by_direction = [[p for p in pairs if p.direction == direction] for direction in DIRECTIONS]
    by_direction = [group for group in by_direction if group] or [pairs]
    drawn: list[Pair] = []
    for turn in range(count):
        group = by_direction[turn % len(by_direction)] or next((g for g in by_direction if g), [])
        if not group:
            raise UserError(
                f"few_shot.examples: {count} asked for, but the training file has only "
                f"{len(drawn)} pairs that are not in the scored file"
            )
        drawn.append(group.pop())
    return drawn
