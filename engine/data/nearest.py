"""Finds the most similar of many texts by shared character n-grams, ranked by BM25."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from engine.language.errors import UserError

_NOT_A_LETTER = re.compile(r"[\W_]+")


def letters(text: str) -> str:
    """The text without punctuation and spaces, which differ between editions; no case."""
    return _NOT_A_LETTER.sub("", text).lower()


def grams(text: str, size: int) -> list[str]:
    """The n-grams of a text's letters; of its characters where it has no letters.

    A text that is too short for one is a single, shorter gram.
    """
    plain = letters(text) or "".join(text.split())
    return [plain[i : i + size] for i in range(max(1, len(plain) - size + 1))] if plain else []


class NearestIndex:
    """Texts, searched by similarity; indices are places in `texts`.

    Okapi BM25 (k1 1.2, b 0.75) over character n-grams: rare n-grams in common count most. Raises
    UserError where Python's SQLite has no full-text search.
    """

    def __init__(self, texts: Iterable[str], *, size: int = 2) -> None:
        self._size = size
        self._count = 0
        try:
            import sqlite3  # some Pythons are built without it

            self._connection = sqlite3.connect(":memory:", check_same_thread=False)
            self._connection.execute(
                "CREATE VIRTUAL TABLE found USING fts5(grams, content='', tokenize='ascii')"
            )
        except ImportError:
            raise UserError(
                "similar texts are found with SQLite, which this Python lacks"
            ) from None
        except sqlite3.OperationalError as error:
            raise UserError(
                "similar texts are found by SQLite's full-text search, FTS5 ({error}); use a "
                "Python whose SQLite has it, as those of python.org, conda and uv do",
                error=error,
            ) from None
        self.add(texts)

    def add(self, texts: Iterable[str]) -> None:
        """Take in more texts; their places go on where the last one stood."""
        rows = enumerate(texts, self._count)
        added = self._connection.executemany(
            "INSERT INTO found (rowid, grams) VALUES (?, ?)",
            ((index, " ".join(_words(text, self._size))) for index, text in rows),
        )
        self._count += added.rowcount if added.rowcount > 0 else 0

    def nearest(self, query: str, count: int) -> list[tuple[int, float]]:
        """The `count` most similar texts, best first, with their scores; equal ones by place.

        Fewer where fewer share an n-gram with the query.
        """
        words = dict.fromkeys(_words(query, self._size))
        if not words or count < 1:
            return []
        found = self._connection.execute(
            "SELECT rowid, bm25(found) FROM found WHERE found MATCH ? ORDER BY 2, 1 LIMIT ?",
            (" OR ".join(words), count),
        )
        return [(int(index), -float(score)) for index, score in found]


def _words(text: str, size: int) -> list[str]:
    """N-grams as words of letters and digits alone, which no tokeniser splits or folds.

    The letter in front keeps FTS5 from reading one as an operator.
    """
    return [_word(gram) for gram in grams(text, size)]


@lru_cache(maxsize=1 << 17)
def _word(gram: str) -> str:
    return "x" + "x".join(f"{ord(char):x}" for char in gram)
