"""Leaks: sentences of a test file that a training file holds too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from engine.data.sides import SIDES, Side, sentence
from engine.dataset import Pair
from engine.nearest import NearestIndex, letters

Kind = Literal["exact", "reversed", "near"]
Fold = Callable[[Sequence[str]], list[str]]
Progress = Callable[[int, int], None]

SHORTEST = 5
"""Letters; shorter sentences (`帝從之。`) are alike by chance, and leak only with their pair."""
THRESHOLD = 0.8
"""Similarity from which two sentences count as near."""
_WITHIN = 10
"""Letters; a sentence of so many that stands within the other is near, however long that is."""
_CANDIDATES = 8


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


def plain(texts: Sequence[str]) -> list[str]:
    """Sentences without punctuation: what is compared where no other folding is asked for."""
    return [letters(text) for text in texts]


def find_leaks(
    train: Sequence[Pair],
    test: Sequence[Pair],
    *,
    threshold: float = 0.0,
    fold: Fold = plain,
    progress: Progress = lambda done, of: None,
) -> list[Leak]:
    """All leaks, at most one for two pairs, in the order of the test file.

    Cheap without a `threshold`: then only equal sentences are found, exact (on the same side) and
    reversed (a training output is the test's source, or the other way). With one, sentences whose
    similarity reaches it too (near, on either side). `fold` makes editions of a sentence alike.
    """
    ours, theirs = _Sentences(train, fold), _Sentences(test, fold)
    found: dict[tuple[int, int], Leak] = {}
    for leak in _equal(ours, theirs):
        found.setdefault((leak.train, leak.test), leak)
    if threshold:
        for leak in _near(ours, theirs, threshold, progress):
            found.setdefault((leak.train, leak.test), leak)
    return sorted(found.values(), key=lambda leak: (leak.test, leak.train))


class _Sentences:
    """Both sides of many pairs, folded."""

    def __init__(self, pairs: Sequence[Pair], fold: Fold) -> None:
        columns = (fold([sentence(pair, side) for pair in pairs]) for side in SIDES)
        self.of: dict[Side, list[str]] = dict(zip(SIDES, columns))

    def __iter__(self) -> Iterator[tuple[int, Side, str]]:
        for side in SIDES:
            for place, text in enumerate(self.of[side]):
                if text:
                    yield place, side, text

    def whole(self, place: int) -> set[str]:
        return {self.of[side][place] for side in SIDES}


def _equal(ours: _Sentences, theirs: _Sentences) -> Iterator[Leak]:
    places: dict[str, list[tuple[int, Side]]] = defaultdict(list)
    for place, side, text in ours:
        places[text].append((place, side))
    both: list[Leak] = []
    for test, test_side, text in theirs:
        for train, side in places.get(text, ()):
            if len(text) < SHORTEST and ours.whole(train) != theirs.whole(test):
                continue
            kind: Kind = "exact" if side == test_side else "reversed"
            both.append(Leak(kind, train, test, (side, test_side)))
    return iter(sorted(both, key=lambda leak: leak.kind))


def _near(
    ours: _Sentences, theirs: _Sentences, threshold: float, progress: Progress
) -> Iterator[Leak]:
    places: dict[str, list[tuple[int, Side]]] = defaultdict(list)
    for place, side, text in ours:
        if len(text) >= SHORTEST:
            places[text].append((place, side))
    texts = list(places)
    index = NearestIndex(texts)
    asked = [entry for entry in theirs if len(entry[2]) >= SHORTEST]
    for done, (test, test_side, text) in enumerate(asked):
        progress(done, len(asked))
        for candidate, _ in index.nearest(text, _CANDIDATES):
            similarity = _similarity(text, texts[candidate])
            is_within = _is_within(text, texts[candidate])
            if similarity < threshold and not is_within:
                continue
            for train, side in places[texts[candidate]]:
                yield Leak("near", train, test, (side, test_side), round(similarity, 3), is_within)


def _similarity(one: str, other: str) -> float:
    """Share of letters in common, in order: twice the common ones by all (Ratcliff & Obershelp)."""
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _is_within(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) >= _WITHIN and shorter in longer
