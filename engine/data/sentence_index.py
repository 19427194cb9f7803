"""The distinct sentences of a training file, searched by similarity; their texts are not kept."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from engine.data.dataset import Pair
from engine.data.folding import SHORTEST, Fold
from engine.data.nearest import NearestIndex
from engine.data.sides import SIDES, sentence

_AT_ONCE = 20_000


class SentenceIndex:
    """Filled a pair at a time; a text that is asked for is folded once more from its pair."""

    def __init__(self, pairs: Sequence[Pair], fold: Fold) -> None:
        self._pairs, self._fold = pairs, fold
        self._index = NearestIndex((), on_disk=True)
        self._first = array("Q")
        """Of each distinct sentence, where it stands first: twice the place, and the side."""
        self._numbers: dict[int, int] = {}
        """Of each distinct sentence, by its hash, its number."""
        self._later: dict[int, list[int]] = {}
        """Of those that stand in several places, the others."""
        self._waiting: list[str] = []

    def add(self, place: int, sides: tuple[str, str]) -> None:
        """Take in both sentences of a pair, folded."""
        for side, text in enumerate(sides):
            if len(text) < SHORTEST:
                continue
            number = self._numbers.setdefault(hash(text), len(self._first))
            if number < len(self._first):
                self._later.setdefault(number, []).append(2 * place + side)
                continue
            self._first.append(2 * place + side)
            self._waiting.append(text)
        if len(self._waiting) >= _AT_ONCE:
            self._flush()

    def nearest(self, text: str, count: int) -> list[tuple[str, list[tuple[int, int]]]]:
        """The most similar sentences, each with the places and sides where it stands."""
        found = []
        for number, _score in self._index.nearest(text, count):
            spots = [self._first[number], *self._later.get(number, ())]
            # Sources before outputs, as they stand in the file.
            places = sorted((divmod(spot, 2) for spot in spots), key=lambda one: one[::-1])
            found.append((self._text(self._first[number]), places))
        return found

    def complete(self) -> None:
        """All pairs are in."""
        self._flush()
        self._numbers.clear()

    def _flush(self) -> None:
        if self._waiting:
            self._index.add(self._waiting)
            self._waiting = []

    def _text(self, spot: int) -> str:
        place, side = divmod(spot, 2)
        return self._fold([sentence(self._pairs[place], SIDES[side])])[0]
