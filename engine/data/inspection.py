"""What looks wrong with the pairs of a file: duplicates, and pairs that are hardly translations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.data import directions, odd_characters
from engine.data.characters import simplified_characters
from engine.data.dataset import Pair
from engine.data.groups import find_duplicates
from engine.data.nearest import letters
from engine.data.odd_characters import OddKind
from engine.data.records import DataFile
from engine.data.sides import sentence
from engine.language.figures import number
from engine.language.said import Said, Words

Kind = (
    Literal[
        "duplicate", "reversed", "other answer", "copy", "empty", "no direction", "swapped",
        "length", "simplified",
    ]
    | OddKind
)  # fmt: skip
KINDS: dict[Kind, Said] = {
    "duplicate": Said("the same pair again"),
    "reversed": Said("the same pair again in the other direction"),
    "other answer": Said("the same sentence again with another answer"),
    "copy": Said("output = the sentence to translate"),
    "empty": Said("nothing but white space, signs or a prefix"),
    "no direction": Said("the instruction asks for neither direction"),
    "swapped": Said("the sides seem to be swapped: asked for one way, written the other"),
    "length": Said("one side is far longer than the other"),
    "simplified": Said("characters that only Simplified Chinese has"),
    "replacement": Said("replacement characters, where text was lost in a conversion"),
    "control": Said("control characters"),
    "invisible": Said("invisible characters"),
    "private use": Said("characters for private use, which every font shows differently"),
    "html": Said("HTML: tags or entities"),
    "mojibake": Said("text read in an encoding that it was not written in"),
}
"""What each means."""
_RATIO = 5.0
"""Letters of the longer side by those of the shorter from which a pair is suspicious."""
_SWAPPED = 3
"""Signs by which the side that should be classical reads more modern than the other."""
_SHORT = 20
"""Letters; where the longer side has fewer, no ratio is suspicious."""


@dataclass(frozen=True)
class Suspicion:
    """Something about one pair that a person should look at."""

    place: Words
    id: str
    kind: Kind
    said: Words


def inspect(file: DataFile) -> list[Suspicion]:
    """All that is suspicious, in the order of the file."""
    found = [
        (place, Suspicion(file.place(place), pair.id, kind, said))
        for place, pair in enumerate(file.pairs)
        for kind, said in _of_pair(pair)
    ]
    found += _repeated(file)
    return [suspicion for _, suspicion in sorted(found, key=lambda entry: entry[0])]


def _of_pair(pair: Pair) -> Iterator[tuple[Kind, Words]]:
    source, output = (letters(text) for text in (pair.source_text, sentence(pair, "output")))
    if pair.direction == "unknown":
        yield "no direction", pair.instruction
    if not source or (pair.output and not output):
        yield "empty", pair.output if source else pair.instruction
    elif source == output:
        yield "copy", pair.output
    elif output and max(len(source), len(output)) >= _SHORT:
        ratio = len(output) / len(source)
        if not 1 / _RATIO < ratio < _RATIO:
            said = Said(
                "{source} letters → {output} (×{ratio}): {text}",
                source=len(source),
                output=len(output),
                ratio=number(ratio),
                text=pair.output,
            )
            yield "length", said
    simplified = simplified_characters(pair.source_text + pair.output)
    if simplified:
        yield "simplified", " ".join(dict.fromkeys(simplified))
    if _is_swapped(pair):
        yield "swapped", f"{pair.source_text} → {pair.output}"
    for text in (pair.instruction, pair.output, pair.repaired):
        yield from odd_characters.find(text)


def _is_swapped(pair: Pair) -> bool:
    """Does the side that should be classical read modern, and the other one classical?"""
    modern, classical = pair.source_text, pair.output
    if pair.direction == "to_modern":
        modern, classical = classical, modern
    elif pair.direction == "unknown":
        return False
    of_modern, of_classical = map(directions.modernness, (modern, classical))
    return of_classical - of_modern >= _SWAPPED


def _repeated(file: DataFile) -> list[tuple[int, Suspicion]]:
    duplicates = find_duplicates(file.pairs)
    kinds: list[tuple[Kind, Sequence[tuple[int, int]]]] = [
        ("duplicate", duplicates.same),
        ("reversed", duplicates.reversed),
        ("other answer", duplicates.other_answer),
    ]
    return [
        (
            place,
            Suspicion(
                file.place(place),
                file.pairs[place].id,
                kind,
                Said(
                    "as {place}: {text}",
                    place=file.place(earlier),
                    text=file.pairs[place].source_text,
                ),
            ),
        )
        for kind, places in kinds
        for place, earlier in places
    ]
