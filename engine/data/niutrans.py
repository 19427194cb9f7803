"""The public corpus NiuTrans/Classical-Modern: a clone read, and cleaned of what is worth nothing.

A chapter is a folder `双语数据/<book>/<chapter>/` with source.txt and target.txt, line by line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from engine.data import text_file
from engine.data.nearest import letters
from engine.language.errors import DataError
from engine.language.said import Said

_ROOT = "双语数据"
MAX_CLASSICAL, MAX_MODERN = 200, 300
"""Characters; a longer pair is nearly always two passages that were aligned as one."""

SHARED_RUN = 10
"""A run of this many characters in common with an excluded text keeps a pair out."""

SHORTEST_EXCLUDED = 5
"""Characters; an excluded text shorter than SHARED_RUN keeps out equal ones, if at least this."""

FATES = {
    "kept": Said("kept"),
    "of a held-out book": Said("of a held-out book"),
    "too long": Said("too long"),
    "with an empty side": Said("with an empty side"),
    "with the same text on both sides": Said("with the same text on both sides"),
    "seen before": Said("seen before"),
    "excluded": Said("excluded (--exclude)"),
}
"""What became of a pair, and how that is said."""
Progress = Callable[[int, int], None]


class Aligned(NamedTuple):
    """One sentence in both languages, and the chapter it stands in."""

    classical: str
    modern: str
    section: str
    line: int = 0

    @property
    def book(self) -> str:
        """As the corpus writes it, Simplified."""
        return self.section.split("/")[0]


@dataclass(frozen=True)
class Excluded:
    """What no pair may repeat, in Simplified letters."""

    runs: frozenset[str]
    whole: frozenset[str]

    @classmethod
    def from_lines(cls, lines: Iterable[str]) -> Excluded:
        """Of lines of text, in Simplified characters."""
        whole = frozenset(map(letters, lines))
        short = {line for line in whole if SHORTEST_EXCLUDED <= len(line) < SHARED_RUN}
        return cls(frozenset(run for line in whole for run in _runs(line)), frozenset(short))

    def meets(self, text: str) -> bool:
        """Does a text, letters alone, repeat any of it?"""
        return text in self.whole or any(run in self.runs for run in _runs(text))


def _runs(text: str) -> Iterator[str]:
    return (text[i : i + SHARED_RUN] for i in range(len(text) - SHARED_RUN + 1))


def find_chapters(clone: Path) -> list[Path]:
    """The folders of all chapters, book after book. Raises DataError if this is no clone."""
    root = clone / _ROOT
    if not root.is_dir():
        raise DataError(
            "{clone}: has no folder 双语数据; give a clone of "
            "https://github.com/NiuTrans/Classical-Modern",
            clone=clone,
        )
    found = sorted((path.parent for path in root.rglob("source.txt")), key=Path.as_posix)
    if not found:
        raise DataError("{root}: holds no chapter with a source.txt", root=root)
    return found


def book_of(clone: Path, chapter: Path) -> str:
    """The book that a chapter's folder belongs to."""
    return chapter.relative_to(clone / _ROOT).parts[0]


def read_chapters(
    clone: Path, chapters: list[Path], progress: Progress = lambda done, of: None
) -> Iterator[Aligned]:
    """Every aligned sentence, still Simplified. Raises DataError where two files do not match."""
    for done, chapter in enumerate(chapters):
        progress(done, len(chapters))
        section = chapter.relative_to(clone / _ROOT).as_posix()
        sides = _lines(chapter / "source.txt"), _lines(chapter / "target.txt")
        if len(sides[0]) != len(sides[1]):
            raise DataError(
                "{chapter}: source.txt has {source} lines, target.txt {target}; "
                "they must be parallel (is the clone whole?)",
                chapter=chapter,
                source=len(sides[0]),
                target=len(sides[1]),
            )
        for line, (classical, modern) in enumerate(zip(*sides), 1):
            yield Aligned(classical, modern, section, line)


def _lines(path: Path) -> list[str]:
    # Not splitlines(): it would also cut at characters that stand inside sentences.
    return [" ".join(line.split()) for line in text_file.read(path).removesuffix("\n").split("\n")]


def clean(
    pairs: Iterable[Aligned],
    excluded: Excluded,
    counts: Counter[str],
    held_out: Collection[str] = (),
) -> Iterator[Aligned]:
    """Pairs that are worth reading and may be read; `counts` learns what became of the others."""
    seen: set[int] = set()
    for pair in pairs:
        key = letters(pair.classical), letters(pair.modern)
        # Hashes alone: a million pairs would take half a gigabyte.
        reason = _reason_to_drop(pair, key, excluded, held_out, seen)
        counts[reason or "kept"] += 1
        if reason is None:
            seen.add(hash(key))
            yield pair


def _reason_to_drop(
    pair: Aligned,
    key: tuple[str, str],
    excluded: Excluded,
    held_out: Collection[str],
    seen: set[int],
) -> str | None:
    if pair.book in held_out:
        return "of a held-out book"
    if len(pair.classical) > MAX_CLASSICAL or len(pair.modern) > MAX_MODERN:
        return "too long"
    if not all(key):
        return "with an empty side"
    if key[0] == key[1]:
        return "with the same text on both sides"
    if hash(key) in seen:
        return "seen before"
    if any(map(excluded.meets, key)):
        return "excluded"
    return None
