"""What a data file holds, counted."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from engine.data import damage
from engine.data.dataset import Pair
from engine.data.groups import find_duplicates
from engine.data.sides import answer_prefix
from engine.data.splitting import book_of
from engine.data.spread import Progress, Spread, spread
from engine.data.templates import template_of

_COUNTED = ("directions", "templates", "prefixes", "books")


class Description(Struct, frozen=True):
    """The facts of one file."""

    pairs: int
    with_output: int
    with_repaired: int
    """Pairs that have a second reference."""
    directions: dict[str, int]
    templates: dict[str, int]
    prefixes: dict[str, int]
    """What answers begin with, such as `答案：`."""
    books: dict[str, int]
    """Pairs per book, where they name a source; most first."""
    source_characters: Spread
    """Of the sentence to translate."""
    output_characters: Spread
    duplicates: int
    reversed: int
    """Pairs that stand in the file in the other direction too."""
    other_answers: int
    damaged: int
    """Pairs whose output shows damage by conversion."""
    damaged_characters: dict[str, int]
    """`瞭→了` and its like, most first."""


def describe(pairs: Sequence[Pair], progress: Progress = lambda done, of: None) -> Description:
    """Count what one file holds, in one pass. Raises UserError where OpenCC is missing."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in _COUNTED}
    lengths = array("L"), array("L")
    damaged = 0
    changes: Counter[tuple[str, str]] = Counter()
    found = damage.damage_of(pair.output for pair in pairs)
    for done, (pair, changed) in enumerate(zip(pairs, found)):
        progress(done, 2 * len(pairs))
        sentence = pair.source_text
        counts["directions"][pair.direction] += 1
        counts["templates"][template_of(pair.instruction, sentence)] += 1
        counts["prefixes"][answer_prefix(pair.output)] += 1
        counts["books"][book_of(pair) or ""] += 1
        lengths[0].append(len(sentence))
        lengths[1].append(len(pair.output))
        damaged += bool(changed)
        changes.update((each.found, each.repaired) for each in changed)
    progress(len(pairs), 2 * len(pairs))
    duplicates = find_duplicates(pairs)
    for name in ("prefixes", "books"):
        counts[name].pop("", None)
    return Description(
        pairs=len(pairs),
        with_output=sum(bool(pair.output) for pair in pairs),
        with_repaired=sum(bool(pair.repaired) for pair in pairs),
        directions=dict(counts["directions"].most_common()),
        templates=dict(counts["templates"].most_common()),
        prefixes=dict(counts["prefixes"]),
        books=dict(counts["books"].most_common()),
        source_characters=spread(lengths[0]),
        output_characters=spread(lengths[1]),
        duplicates=len(duplicates.same),
        reversed=len(duplicates.reversed),
        other_answers=len(duplicates.other_answer),
        damaged=damaged,
        damaged_characters={f"{old}→{new}": n for (old, new), n in changes.most_common()},
    )
