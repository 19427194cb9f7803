"""How long many encoded pairs are, without their ids: a million of them would take gigabytes."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from engine.prompts.builder import Encoded


class TokenCounts:
    """Lengths one by one, and what all prompts begin with."""

    def __init__(self) -> None:
        self.lengths, self.scored = array("L"), array("L")
        self._least: list[int] = []
        self._greatest: list[int] = []
        self._shortest_prompt = 0

    @classmethod
    def of(cls, encoded: Iterable[Encoded] | TokenCounts) -> TokenCounts:
        """Of items that are all there."""
        if isinstance(encoded, TokenCounts):
            return encoded
        found = cls()
        for item in encoded:
            found.add(item)
        return found

    def add(self, item: Encoded) -> None:
        """Count one more."""
        prompt = len(item.ids) - item.scored_count
        if not self.lengths:
            self._least = self._greatest = item.ids
            self._shortest_prompt = prompt
        self._least = min(self._least, item.ids)
        self._greatest = max(self._greatest, item.ids)
        self._shortest_prompt = min(self._shortest_prompt, prompt)
        self.lengths.append(len(item.ids))
        self.scored.append(item.scored_count)

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def shared_prefix(self) -> int:
        """Tokens that all prompts begin with; the worker finds as many, or more in groups of them.

        What the least and the greatest have in common, all between them have.
        """
        if len(self) < 2:
            return 0
        pairs = enumerate(zip(self._least, self._greatest))
        alike = next((at for at, (a, b) in pairs if a != b), len(self._least))
        # The last token of a prompt predicts a scored one, and so is each item's own.
        return min(alike, self._shortest_prompt - 1)
