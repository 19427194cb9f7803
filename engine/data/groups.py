"""Pairs that share a sentence, by place: duplicates, and what must stay on one side of a split."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.data.dataset import Pair
from engine.data.folding import SHORTEST, Fold, folded_sides, plain


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
    """Compare all pairs of a file by their letters.

    A first pass keeps a number of 64 bits for each: a million texts would not fit beside the pairs
    themselves. Those whose number is another's too are compared in a second one.
    """
    wholes, alone = array("q"), array("q")
    for source, output in folded_sides(pairs, fold):
        wholes.append(hash((min(source, output), max(source, output))))
        alone.append(hash(source))
    several, several_alone = _repeated(wholes), _repeated(alone)
    looked_at = [
        place
        for place, (whole, source) in enumerate(zip(wholes, alone))
        if whole in several or source in several_alone
    ]
    return _compare(looked_at, folded_sides([pairs[place] for place in looked_at], fold))


def _compare(places: Sequence[int], sides: Iterable[tuple[str, str]]) -> Duplicates:
    found = Duplicates([], [], [])
    seen: dict[tuple[str, str], int] = {}
    sources: dict[str, int] = {}
    for place, (source, output) in zip(places, sides):
        if (source, output) in seen:
            found.same.append((place, seen[source, output]))
        elif output and (output, source) in seen:
            found.reversed.append((place, seen[output, source]))
        elif source in sources and len(source) >= SHORTEST:
            found.other_answer.append((place, sources[source]))
        seen.setdefault((source, output), place)
        sources.setdefault(source, place)
    return found


def _repeated(numbers: Sequence[int]) -> set[int]:
    return {one for one, next_one in pairwise(sorted(numbers)) if one == next_one}


def group_by_sentences(
    pairs: Sequence[Pair], *, also: Sequence[Hashable] = (), fold: Fold = plain
) -> list[Sequence[int]]:
    """Places of pairs, in groups that share no sentence with each other.

    `also` names something more of each pair, such as its book, that a group keeps together; None
    for a pair that has none.
    """
    joined = _Joined(len(pairs))
    for place, (source, output) in enumerate(folded_sides(pairs, fold)):
        long = [text for text in (source, output) if len(text) >= SHORTEST]
        for text in long:
            joined.add(place, hash(("sentence", text)))
        if not long:  # else the pair is joined by its sentences to all that it equals
            joined.add(place, hash(("pair", *sorted((source, output)))))
    for place, name in enumerate(also):
        if name is not None:
            joined.add(place, hash(("also", name)))
    return joined.groups()


class _Joined:
    """Places joined by what they have in common (union-find)."""

    def __init__(self, count: int) -> None:
        self._first = array("L", range(count))
        self._holders: dict[int, int] = {}

    def add(self, place: int, thing: int) -> None:
        one, other = self._root(place), self._root(self._holders.setdefault(thing, place))
        self._first[max(one, other)] = min(one, other)

    def groups(self) -> list[Sequence[int]]:
        """By their first place; most hold one alone, and take little."""
        self._holders.clear()
        count = len(self._first)
        roots = array("L", (self._root(place) for place in range(count)))
        several = {root for place, root in enumerate(roots) if place != root}
        members: dict[int, list[int]] = {root: [] for root in several}
        for place, root in enumerate(roots):
            if root in members:
                members[root].append(place)
        return [members.get(place) or (place,) for place, root in enumerate(roots) if place == root]

    def _root(self, place: int) -> int:
        while self._first[place] != place:
            self._first[place] = self._first[self._first[place]]
            place = self._first[place]
        return place
