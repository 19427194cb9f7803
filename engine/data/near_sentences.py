"""For each of some sentences, those of very many that may be near it, which go by once.

A sentence is looked for by a few of its pairs of letters: the rarest, and the rarest in every
stretch of so many letters as a sentence must have to count when it stands within another
(winnowing, Schleimer et al. 2003). So hardly any of the many shares one, and what stands within
another shares one.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

_RAREST = 8
"""Pairs of letters that a sentence is looked for by, wherever they stand in it."""
_KEPT = 32
"""Sentences that are kept for each: those that share most with it."""
_WITHIN_FIRST = 1e6
"""More than any two sentences share: what stands within another goes before all else."""
_Place = tuple[float, int, int, str]
"""How much is shared, how far lengths differ, and when it came: the greatest is the best."""


class NearSentences:
    """Ask for `asked`, see the many go by, then look what was found.

    `sample` says which pairs of letters are rare: some of the many. `stretch` is in letters.
    """

    def __init__(self, asked: Sequence[str], sample: Iterable[str], stretch: int) -> None:
        self._asked = asked
        self._wanted: dict[str, list[int]] = defaultdict(list)
        """Of a pair of letters, the places of the sentences that are looked for by it."""
        counted = Counter(gram for text in sample for gram in _grams(text))
        for place, text in enumerate(asked):
            for gram in _telling(text, counted, stretch):
                self._wanted[gram].append(place)
        most = max(counted.values(), default=1)
        self._weights = {gram: math.log(1 + most / (1 + counted[gram])) for gram in self._wanted}
        self._best: list[list[_Place]] = [[] for _ in asked]
        self._spots: list[dict[str, list[int]]] = [{} for _ in asked]
        self._seen = 0

    def see(self, text: str, spot: int) -> None:
        """One of the many goes by; `spot` is what is told of it."""
        shared = self._wanted.keys() & _grams(text)
        if not shared:
            return
        weights: dict[int, float] = {}
        for gram in shared:
            for place in self._wanted[gram]:
                weights[place] = weights.get(place, 0.0) + self._weights[gram]
        self._seen += 1
        for place, weight in weights.items():
            self._keep(place, weight, text, spot)

    def _keep(self, place: int, weight: float, text: str, spot: int) -> None:
        best, spots = self._best[place], self._spots[place]
        if text in spots:
            spots[text].append(spot)
            return
        asked = self._asked[place]
        if text in asked or asked in text:
            weight += _WITHIN_FIRST
        entry = (weight, -abs(len(text) - len(asked)), -self._seen, text)
        if len(best) < _KEPT:
            heapq.heappush(best, entry)
        elif entry > best[0]:
            del spots[heapq.heapreplace(best, entry)[-1]]
        else:
            return
        spots[text] = [spot]

    def of(self, place: int) -> Iterator[tuple[str, list[int]]]:
        """What may be near a sentence, likeliest first: each text, and what was told of it."""
        for *_worth, text in sorted(self._best[place], reverse=True):
            yield text, self._spots[place][text]


def _grams(text: str) -> set[str]:
    return {text[at : at + 2] for at in range(len(text) - 1)}


def _telling(text: str, counted: Counter[str], stretch: int) -> set[str]:
    """The pairs of letters that a sentence is looked for by."""
    inside = [text[at : at + 2] for at in range(len(text) - 1)]

    def rarity(gram: str) -> tuple[int, str]:
        return counted[gram], gram

    told = set(sorted(set(inside), key=rarity)[:_RAREST])
    width = max(1, stretch - 1)
    for first in range(len(inside) - width + 1):
        told.add(min(inside[first : first + width], key=rarity))
    return told
