"""Which runs were scored on the same test file: only their numbers have an order."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from engine.table.catalog import Row
from engine.table.row_facts import perplexity_of


def file_of_test(row: Row) -> str:
    """The run's test file, known by its bytes (sha256) wherever it lies; empty if it has none."""
    file = row.settings.data.get("test")
    return file.sha256 if file else ""


def by_test_file(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Runs of each test file, in order."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(file_of_test(row), []).append(row)
    return found


def comparable(rows: Iterable[Row], sha256: str, model: str) -> Iterator[Row]:
    """Runs with a perplexity on that file by that base model.

    Between models with different tokenizers a perplexity a token cannot be compared.
    """
    for row in rows:
        is_same = file_of_test(row) == sha256 and row.settings.profile.model.path == model
        if sha256 and is_same and not math.isnan(perplexity_of(row)):
            yield row
