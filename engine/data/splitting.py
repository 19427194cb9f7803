"""Splits a data file in two that share no sentence."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.data.dataset import Pair
from engine.data.folding import Fold, plain
from engine.data.groups import group_by_sentences
from engine.language.errors import DataError
from engine.language.said import Said

_BOOK = re.compile(r"[·・‧/]")


@dataclass(frozen=True)
class Split:
    """Places of the pairs on each side, in the order of the file."""

    train: list[int]
    validation: list[int]
    held_out: list[str]
    """Books of the validation side, where the split is by book."""


def book_of(pair: Pair) -> str | None:
    """The book of a pair's source (`史記·本紀`, `史記/本紀`), None where it has none."""
    return _BOOK.split(pair.source, maxsplit=1)[0].strip() or None if pair.source else None


def wanted_pairs(text: str, pairs: int) -> int:
    """How many pairs a number or a share of a file is. Raises DataError."""
    is_percent = text.endswith("%")
    try:
        number = float(text.removesuffix("%")) / (100 if is_percent else 1)
        wanted = round(number * pairs) if is_percent or "." in text else int(number)
    except (ValueError, OverflowError):
        wanted = 0
    if not 0 < wanted < pairs:
        raise DataError(
            "--validation {text}: expected a number of pairs (200) or a share (0.1, 10%) that "
            "leaves something on both sides of {pairs} pairs",
            text=text,
            pairs=pairs,
        )
    return wanted


def split(
    pairs: Sequence[Pair], wanted: int, *, seed: int = 0, by_book: bool = False, fold: Fold = plain
) -> Split:
    """Put about `wanted` pairs aside: whole groups of pairs that share a sentence (or a book).

    The order in which groups are taken hangs on the seed and their ids alone, not on the file's
    order, and changes little when pairs are added. Raises DataError where no group is small enough.
    """
    books = [book_of(pair) for pair in pairs] if by_book else []
    if by_book and not any(books):
        raise DataError("--by source: no pair of this file has a source")
    groups = group_by_sentences(pairs, also=books, fold=fold)
    groups.sort(key=lambda group: _lot(seed, min(pairs[place].id for place in group)))
    chosen: list[int] = []
    for group in groups:
        if len(chosen) + len(group) <= wanted:
            chosen += group
    if not chosen:
        said = Said(
            "--validation: {wanted} pairs are fewer than the smallest group that belongs together "
            "({smallest} pairs)"
        )
        if by_book:
            said = Said(
                "--validation: {wanted} pairs are fewer than the smallest group that belongs "
                "together ({smallest} pairs of a book)"
            )
        raise DataError(said.filled(wanted=wanted, smallest=min(map(len, groups))))
    aside = set(chosen)
    rest = [place for place in range(len(pairs)) if place not in aside]
    held_out = {books[place] for place in chosen} - {None} if by_book else set()
    return Split(rest, sorted(chosen), sorted(str(book) for book in held_out))


def _lot(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}\0{name}".encode()).digest()
