"""A question at the terminal that is answered with yes or no."""

from __future__ import annotations

_YES = ("y", "是")
"""What an answer begins with that means yes, in either language."""


def is_wanted(question: str) -> bool:
    """Ask; anything but a yes, an empty line too, is a no."""
    return input(f"{question} ").strip().lower().startswith(_YES)
