"""What a data file holds, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from engine.data.damage import find_damage
from engine.data.groups import find_duplicates
from engine.data.inspection import count_prefixes
from engine.data.lengths import Spread, spread
from engine.data.splitting import book_of
from engine.data.templates import count_templates
from engine.dataset import Pair


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


def describe(pairs: Sequence[Pair]) -> Description:
    """Count what one file holds. Raises UserError where OpenCC is missing."""
    duplicates = find_duplicates(pairs)
    damage = find_damage([pair.output for pair in pairs])
    changes = Counter(f"{each.found}→{each.repaired}" for found in damage for each in found)
    books = Counter(book for book in map(book_of, pairs) if book)
    return Description(
        pairs=len(pairs),
        with_output=sum(bool(pair.output) for pair in pairs),
        with_repaired=sum(bool(pair.repaired) for pair in pairs),
        directions={str(k): v for k, v in Counter(p.direction for p in pairs).most_common()},
        templates=count_templates(pairs),
        prefixes=count_prefixes(pairs),
        books=dict(books.most_common()),
        source_characters=spread([len(pair.source_text) for pair in pairs]),
        output_characters=spread([len(pair.output) for pair in pairs]),
        duplicates=len(duplicates.same),
        reversed=len(duplicates.reversed),
        other_answers=len(duplicates.other_answer),
        damaged=sum(map(bool, damage)),
        damaged_characters=dict(changes.most_common()),
    )
