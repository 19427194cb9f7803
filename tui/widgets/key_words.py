"""What a key does, in the words of its binding: worded when it is shown, its places filled."""

from __future__ import annotations

from engine.language.said import Said
from engine.prompts import strategies


def explained(tooltip: str) -> str:
    """The sentence that explains a key."""
    every, showing = strategies.STRATEGIES.values(), strategies.showing_examples()
    places = {"strategies": strategies.either(every), "shown_by": strategies.either(showing)}
    return str(Said(tooltip, **places))
