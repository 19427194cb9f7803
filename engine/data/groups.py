"""Pairs that share a sentence, by place: duplicates, and what must stay on one side of a split."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from engine.data.folding import SHORTEST, Fold, folded_sides, plain
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
    """Compare all pairs of a file by their letters.

    What was seen is kept as a number of 64 bits: a million pairs of texts would not fit beside the
    pairs themselves. Where numbers are equal the texts are looked at again.
    """
    found = Duplicates([], [], [])
    seen: dict[int, int] = {}
    sources: dict[int, int] = {}
    again = _Again(pairs, fold)
    for place, (source, output) in enumerate(folded_sides(pairs, fold)):
        same, other_way = hash((source, output)), hash((output, source))
        alike = hash(source)
        if same in seen and again.sides(seen[same]) == (source, output):
            found.same.append((place, seen[same]))
        elif output and other_way in seen and again.sides(seen[other_way]) == (output, source):
            found.reversed.append((place, seen[other_way]))
        elif (
            alike in sources
            and len(source) >= SHORTEST
            and again.sides(sources[alike])[0] == source
        ):
            found.other_answer.append((place, sources[alike]))
        seen.setdefault(same, place)
        sources.setdefault(alike, place)
    return found


class _Again:
    """Folds a single pair once more."""

    def __init__(self, pairs: Sequence[Pair], fold: Fold) -> None:
        self._pairs, self._fold = pairs, fold

    def sides(self, place: int) -> tuple[str, str]:
        pair = self._pairs[place]
        source, output = self._fold([sentence(pair, "source"), sentence(pair, "output")])
        return source, output


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
