"""Few-shot examples: which training pairs may be shown, and which of them stand before an item.

Examples come from the training file, never from the file that is scored. They are the same for
every item (drawn by a seed, or named by id), the same for every item of a direction, or each item's
own: the training pairs most like it.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence

from engine.data import directions
from engine.data.dataset import Pair
from engine.data.directions import DIRECTIONS, Direction
from engine.data.nearest import NearestIndex
from engine.language.errors import UserError
from engine.language.said import Said, Words
from engine.machine.checked_toml import nearest
from engine.profile.schema import FewShot


def pool(settings: FewShot, train: Sequence[Pair], scored: Sequence[Pair]) -> list[Pair]:
    """The training pairs that examples are taken from: what `Examples` needs besides settings.

    Those drawn or named, so that a run can store them; all that are allowed for `nearest`.
    A pair that also stands in the scored file, in either direction, is never shown.
    Raises UserError when there are too few, or an id is unknown or forbidden.
    """
    forbidden = {text for pair in scored for text in (pair.source_text, pair.output) if text}
    allowed = [p for p in train if p.source_text not in forbidden and p.output not in forbidden]
    if settings.choose == "ids":
        if not settings.ids:
            raise UserError('few_shot.choose = "ids" needs few_shot.ids, the ids of training pairs')
        return _named(settings.ids, train, allowed)
    if settings.choose == "nearest":
        return allowed if settings.examples else []
    random.Random(settings.seed).shuffle(allowed)
    if settings.direction == "mixed":
        return _in_turn(allowed, settings.examples)
    return [
        pair
        for direction in _directions_of(scored)
        for pair in _first(allowed, settings.examples, direction)
    ]


def _named(ids: Sequence[str], train: Sequence[Pair], allowed: Sequence[Pair]) -> list[Pair]:
    known = {pair.id: pair for pair in train}
    may_be_shown = {pair.id for pair in allowed}
    for name in ids:
        if name not in known:
            raise UserError(
                "few_shot.ids: no training pair '{name}'{nearest}",
                name=name,
                nearest=nearest(name, known),
            )
        if name not in may_be_shown:
            raise UserError("few_shot.ids: '{name}' also stands in the scored file", name=name)
    return [known[name] for name in ids]


def _in_turn(pairs: Sequence[Pair], count: int) -> list[Pair]:
    """The last pairs, the two directions in turn as long as both last. Raises UserError."""
    groups = [[pair for pair in pairs if pair.direction == d] for d in DIRECTIONS]
    groups = [group for group in groups if group] or [list(pairs)]
    drawn: list[Pair] = []
    for turn in range(count):
        group = groups[turn % len(groups)] or next((g for g in groups if g), [])
        if not group:
            raise _too_few(count, len(drawn))
        drawn.append(group.pop())
    return drawn


def _directions_of(scored: Sequence[Pair]) -> list[Direction]:
    """The directions that examples are needed for; both where there is nothing to go by."""
    found = {pair.direction for pair in scored}
    return [d for d in DIRECTIONS if d in found or not found - {"unknown"}]


def _first(pairs: Sequence[Pair], count: int, direction: Direction) -> list[Pair]:
    group = [pair for pair in pairs if pair.direction == direction][:count]
    if len(group) < count:
        raise _too_few(
            count, len(group), Said(" of {direction}", direction=directions.LABELS[direction])
        )
    return group


def _too_few(asked: int, found: int, what: Words = "") -> UserError:
    return UserError(
        "few_shot.examples: {asked} asked for, but the training file has only {found} "
        "pairs{what} that are not in the scored file",
        asked=asked,
        found=found,
        what=what,
    )


class Examples:
    """Says which pairs stand before an item, in order."""

    def __init__(self, settings: FewShot, pairs: Sequence[Pair]) -> None:
        """`pairs` are those that `pool` found, or none."""
        self._settings = settings
        self.pairs = tuple(pairs)
        self._index: NearestIndex | None = None
        if settings.choose == "nearest" and self.pairs:
            self._index = NearestIndex(pair.source_text for pair in self.pairs)

    @property
    def vary(self) -> bool:
        """Do different items see different examples?"""
        return bool(self.pairs) and (self._index is not None or self._settings.direction == "same")

    @property
    def count(self) -> int:
        """Examples before an item, k."""
        if not self.vary:
            return len(self.pairs)
        if self._index is not None:
            return min(self._settings.examples, len(self.pairs))
        return max(Counter(pair.direction for pair in self.pairs).values())

    def before(self, instruction: str) -> tuple[Pair, ...]:
        """The examples of an item; the most similar one stands last, next to the item."""
        if not self.vary:
            return self.pairs
        asked = directions.of_instruction(instruction)
        if self._index is not None:
            return self._nearest(self._index, instruction, asked)
        same = [pair for pair in self.pairs if pair.direction == asked]
        return tuple(same) if same else tuple(_in_turn(self.pairs, self.count))

    def _nearest(self, index: NearestIndex, instruction: str, asked: Direction) -> tuple[Pair, ...]:
        wanted = self._settings.examples
        same_only = self._settings.direction == "same" and asked != "unknown"
        # Of both directions about half fits; where that is not enough, all are looked through.
        found: list[Pair] = []
        for looked_at in (4 * wanted, len(self.pairs)):
            places = index.nearest(directions.source_text(instruction), looked_at)
            pairs = (self.pairs[place] for place, _ in places)
            found = [p for p in pairs if not same_only or p.direction == asked][:wanted]
            if len(found) == wanted:
                break
        found += self._others(found, wanted - len(found), asked if same_only else None)
        return tuple(reversed(found))

    def _others(self, found: Iterable[Pair], count: int, asked: Direction | None) -> list[Pair]:
        """Where fewer pairs share anything with the item: the first others of the file."""
        known = {pair.id for pair in found}
        others = (
            pair
            for pair in self.pairs
            if pair.id not in known and (asked is None or pair.direction == asked)
        )
        return [pair for pair, _ in zip(others, range(count))]

    @property
    def fingerprint(self) -> str:
        """What tells these examples from others, beyond the text of those before an item."""
        if not self.vary:
            return ""
        pairs = "\x00".join(f"{pair.instruction}\x00{pair.output}" for pair in self.pairs)
        settings = self._settings
        return f"{settings.choose} {settings.direction} {settings.examples}\x00{pairs}"
