"""Leaks: sentences of a test file that a training file holds too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from engine.data.dataset import Pair
from engine.data.folding import AT_ONCE, SHORTEST, Fold, folded_sides, plain
from engine.data.near_sentences import NearSentences
from engine.data.sides import SIDES, Side

Kind = Literal["exact", "reversed", "near"]
Progress = Callable[[int, int], None]

THRESHOLD = 0.8
"""Similarity from which two sentences count as near."""
_WITHIN = 10
"""Letters; a sentence of so many that stands within the other is near, however long that is."""
_COMPARED = 500
"""Letters of a passage that are compared; no sentence has so many."""
_SAMPLE = 5 * AT_ONCE
"""Training pairs that say which letters are rarely together."""


@dataclass(frozen=True)
class Leak:
    """A training pair and a test pair that share a sentence."""

    kind: Kind
    train: int
    """Place in the training pairs."""
    test: int
    sides: tuple[Side, Side]
    """On which side the sentence stands, of the training and of the test pair."""
    similarity: float = 1.0
    is_within: bool = False
    """Near because the shorter sentence stands within the longer one."""


def find_leaks(
    train: Sequence[Pair],
    test: Sequence[Pair],
    *,
    threshold: float = 0.0,
    fold: Fold = plain,
    indexing: Progress = lambda done, of: None,
    progress: Progress = lambda done, of: None,
) -> list[Leak]:
    """All leaks, at most one for two pairs, in the order of the test file.

    Cheap without a `threshold`: then only equal sentences are found, exact (on the same side) and
    reversed (a training output is the test's source, or the other way). With one, sentences whose
    similarity reaches it too (near, on either side). `fold` makes editions of a sentence alike.
    """
    theirs = list(folded_sides(test, fold))
    near = _Near(theirs, train[:_SAMPLE], fold) if threshold else None
    found: dict[tuple[int, int], Leak] = {}
    for leak in _equal(train, theirs, fold, near, indexing):
        found.setdefault((leak.train, leak.test), leak)
    if near:
        for leak in near.leaks(threshold, progress):
            found.setdefault((leak.train, leak.test), leak)
    return sorted(found.values(), key=lambda leak: (leak.test, leak.train))


def _equal(
    train: Sequence[Pair],
    theirs: Sequence[tuple[str, str]],
    fold: Fold,
    near: _Near | None,
    progress: Progress,
) -> list[Leak]:
    """Those of the test file are kept, the training file goes by: it may be much larger."""
    places: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for test, sides in enumerate(theirs):
        for test_side, text in enumerate(sides):
            if text:
                places[text].append((test_side, test))
    both: list[tuple[tuple[str, int, int, int, int], Leak]] = []
    for place, whole in enumerate(folded_sides(train, fold)):
        progress(place, len(train))
        if near:
            near.see(place, whole)
        for side, text in enumerate(whole):
            for test_side, test in places.get(text, ()):
                if len(text) < SHORTEST and set(whole) != set(theirs[test]):
                    continue
                kind: Kind = "exact" if side == test_side else "reversed"
                leak = Leak(kind, place, test, (SIDES[side], SIDES[test_side]))
                both.append(((kind, test_side, test, side, place), leak))
    return [leak for _order, leak in sorted(both, key=lambda entry: entry[0])]


class _Near:
    """The test file's sentences that others may be near, while the training file goes by."""

    def __init__(
        self, theirs: Sequence[tuple[str, str]], sample: Sequence[Pair], fold: Fold
    ) -> None:
        self._asked = [
            (test, side, sides[side])
            for side in range(len(SIDES))
            for test, sides in enumerate(theirs)
            if len(sides[side]) >= SHORTEST
        ]
        some = (text for sides in folded_sides(sample, fold) for text in sides)
        self._sentences = NearSentences([text for *_, text in self._asked], some, _WITHIN)

    def see(self, train: int, sides: tuple[str, str]) -> None:
        """A training pair goes by, folded."""
        for side, text in enumerate(sides):
            if len(text) >= SHORTEST:
                self._sentences.see(text, 2 * train + side)

    def leaks(self, threshold: float, progress: Progress) -> Iterator[Leak]:
        """Those that are near enough."""
        for done, (test, test_side, text) in enumerate(self._asked):
            progress(done, len(self._asked))
            for other, spots in self._sentences.of(done):
                similarity = _similarity(text, other)
                is_within = _is_within(text, other)
                if similarity < threshold and not is_within:
                    continue
                # Sources before outputs, as they stand in the file.
                for train, side in sorted(map(_place_of, spots), key=lambda one: one[::-1]):
                    sides = (SIDES[side], SIDES[test_side])
                    yield Leak("near", train, test, sides, round(similarity, 3), is_within)


def _place_of(spot: int) -> tuple[int, int]:
    """The training pair and its side."""
    return divmod(spot, 2)


def _similarity(one: str, other: str) -> float:
    """Share of letters in common, in order: twice the common ones by all (Ratcliff & Obershelp).

    Of passages their beginnings: it takes as long as their lengths multiplied.
    """
    compared = one[:_COMPARED], other[:_COMPARED]
    return SequenceMatcher(None, *compared, autojunk=False).ratio()


def _is_within(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) >= _WITHIN and shorter in longer
