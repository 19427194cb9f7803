"""Pairs that share a sentence, by place: duplicates, and what must stay on one side of a split."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from engine.data.leaks import SHORTEST, Fold, plain
from engine.data.sides import sentence
from engine.dataset import Pair


@dataclass(frozen=True)
class Duplicates:
    """What a file holds more than once; each entry is the later place and the earlier."""

    same: list[tuple[int, int]]
    """Both sentences again, asked for in the same direction."""
    reversed: list[tuple[int, int]]
    """Both sentences again, in the other direction."""
    other_answer: list[tuple[int, int]]
    """The sentence to translate again, with another answer."""


def find_duplicates(pairs: Sequence[Pair], fold: Fold = plain) -> Duplicates:
    """Compare all pairs of a file by their letters."""
    found = Duplicates([], [], [])
    seen: dict[tuple[str, str], int] = {}
    sources: dict[str, int] = {}
    for place, (source, output) in enumerate(_folded(pairs, fold)):
        if (source, output) in seen:
            found.same.append((place, seen[source, output]))
        elif output and (output, source) in seen:
            found.reversed.append((place, seen[output, source]))
        elif source in sources and len(source) >= SHORTEST:
            found.other_answer.append((place, sources[source]))
        seen.setdefault((source, output), place)
        sources.setdefault(source, place)
    return found


def group_by_sentences(
    pairs: Sequence[Pair], *, also: Sequence[Hashable] = (), fold: Fold = plain
) -> list[list[int]]:
    """Places of pairs, in groups that share no sentence with each other.

    `also` names something more of each pair, such as its book, that a group keeps together; None
    for a pair that has none.
    """
    joined = _Joined(len(pairs))
    for place, (source, output) in enumerate(_folded(pairs, fold)):
        joined.add(place, ("pair", *sorted((source, output))))
        for text in (source, output):
            if len(text) >= SHORTEST:
                joined.add(place, ("sentence", text))
    for place, name in enumerate(also):
        if name is not None:
            joined.add(place, ("also", name))
    return joined.groups()


def _folded(pairs: Sequence[Pair], fold: Fold) -> Iterable[tuple[str, str]]:
    sources = fold([sentence(pair, "source") for pair in pairs])
    return zip(sources, fold([sentence(pair, "output") for pair in pairs]))


class _Joined:
    """Places joined by what they have in common (union-find)."""

    def __init__(self, count: int) -> None:
        self._first = list(range(count))
        self._holders: dict[Hashable, int] = {}

    def add(self, place: int, thing: Hashable) -> None:
        one, other = self._root(place), self._root(self._holders.setdefault(thing, place))
        self._first[max(one, other)] = min(one, other)

    def groups(self) -> list[list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for place in range(len(self._first)):
            found[self._root(place)].append(place)
        return list(found.values())

    def _root(self, place: int) -> int:
        while self._first[place] != place:
            self._first[place] = self._first[self._first[place]]
            place = self._first[place]
        return place
