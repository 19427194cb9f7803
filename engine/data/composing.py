"""From aligned sentences to records of the course's kind: Traditional, with an instruction."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence

from engine.data.characters import converter
from engine.data.directions import DIRECTIONS, Direction
from engine.data.niutrans import Aligned
from engine.data.records import Fields
from engine.data.templates import COURSE, TEXT
from engine.profile.schema import Prompt

Templates = Mapping[Direction, Mapping[str, int]]
"""Forms of the instruction in each direction, with their weights."""
Progress = Callable[[int, int], None]

DIRECTION_CHOICES: dict[str, tuple[Direction, ...]] = {
    "mixed": (),
    "both": DIRECTIONS,
    "to-modern": ("to_modern",),
    "to-classical": ("to_classical",),
}
"""Mixed: each pair in one direction, drawn; both: each pair twice."""
_AT_ONCE = 5000
_SAYS = ("雲：", "云：")
"""Before a quotation it is no cloud, which OpenCC does not know."""


def plain_templates(prompt: Prompt | None = None) -> Templates:
    """A profile's own two forms, or the default ones."""
    form = prompt or Prompt(template=TEXT)
    return {"to_modern": {form.to_modern: 1}, "to_classical": {form.to_classical: 1}}


def course_templates() -> Templates:
    """The course's 17, as often as there."""
    return COURSE


def draw(pairs: Sequence[Aligned], count: int, seed: int) -> list[Aligned]:
    """At most `count` of the pairs, 0: all; drawn, in their order."""
    if not count or count >= len(pairs):
        return list(pairs)
    return [pairs[place] for place in sorted(random.Random(seed).sample(range(len(pairs)), count))]


def draw_books(pairs: Sequence[Aligned], share: float, seed: int) -> list[str]:
    """Books that hold about this share of the pairs: drawn, the whole of each."""
    sizes: dict[str, int] = {}
    for pair in pairs:
        sizes[pair.book] = sizes.get(pair.book, 0) + 1
    books = sorted(sizes)
    random.Random(seed).shuffle(books)
    chosen: list[str] = []
    room = share * len(pairs)
    for book in books:
        if sizes[book] <= room:
            chosen.append(book)
            room -= sizes[book]
    return sorted(chosen)


def compose(
    pairs: Sequence[Aligned],
    templates: Templates,
    *,
    directions: tuple[Direction, ...] = (),
    seed: int = 0,
    progress: Progress = lambda done, of: None,
) -> Iterator[Fields]:
    """Records of pairs; no direction: one drawn for each. Raises UserError without OpenCC.

    What is drawn for a pair hangs on the seed and its place in the corpus alone.
    """
    # s2tw, not s2twp: its phrases are of today, and turn 士卒 into 計程車卒.
    convert = converter("s2tw")
    for start in range(0, len(pairs), _AT_ONCE):
        progress(start, len(pairs))
        some = pairs[start : start + _AT_ONCE]
        columns = ([pair.classical for pair in some], [pair.modern for pair in some])
        # A column at a time: a call for every sentence would take far longer.
        converted = [convert("\n".join(column)).replace(*_SAYS).split("\n") for column in columns]
        sections = convert("\n".join(pair.section for pair in some)).split("\n")
        for pair, classical, modern, section in zip(some, *converted, sections):
            rng = _lot(pair, seed)
            for direction in directions or (rng.choice(DIRECTIONS),):
                forms = templates[direction]
                (form,) = rng.choices(list(forms), list(forms.values()))
                to_modern = direction == "to_modern"
                source, output = (classical, modern) if to_modern else (modern, classical)
                suffix = f"/{direction}" if len(directions) > 1 else ""
                yield {
                    "id": f"{pair.section}/{pair.line}{suffix}",
                    "instruction": form.replace(TEXT, source),
                    "output": output,
                    "source": section.replace("/", "·"),
                }


def _lot(pair: Aligned, seed: int) -> random.Random:
    name = f"{seed}\0{pair.section}\0{pair.line}"
    return random.Random(hashlib.sha256(name.encode()).digest())
