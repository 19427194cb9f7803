"""What a profile scores on a test file without training: the levels a trained run is to beat."""

from __future__ import annotations

import math
from collections.abc import Iterable

from engine.prompts import strategies
from engine.run.settings import RunSettings
from engine.table.catalog import Row
from engine.table.row_facts import perplexity_of
from engine.table.same_test import comparable


def find_references(rows: Iterable[Row], settings: RunSettings) -> dict[str, float]:
    """The best test perplexity of each untrained strategy, for the same profile and test file."""
    file, profile = settings.data.get("test"), settings.profile
    names = [one.name for one in strategies.untrained()]
    best: dict[str, float] = {}
    for row in comparable(rows, file.sha256 if file else "", profile.model.path):
        made, value = row.settings, perplexity_of(row)
        if made.strategy not in names or made.adapter or made.profile.name != profile.name:
            continue
        if math.isfinite(value):
            best[made.strategy] = min(best.get(made.strategy, math.inf), value)
    return {name: best[name] for name in names if name in best}
