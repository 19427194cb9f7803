"""What a profile scores on a test file without training: the levels a trained run is to beat."""

from __future__ import annotations

import math
from collections.abc import Iterable

from engine.prompts import strategies
from engine.run.settings import RunSettings
from engine.table.catalog import Row


def find_references(rows: Iterable[Row], settings: RunSettings) -> dict[str, float]:
    """The best test perplexity of each untrained strategy, for the same profile and test file.

    The file is known by its bytes (sha256), wherever it lies.
    """
    file, names = settings.data.get("test"), [one.name for one in strategies.untrained()]
    best: dict[str, float] = {}
    for row in rows:
        made, score = row.settings, row.summary.score
        if made.strategy not in names or made.adapter or score is None or file is None:
            continue
        if made.data.get("test") is None or made.data["test"].sha256 != file.sha256:
            continue
        is_same = (made.profile.name, made.profile.model.path) == (
            settings.profile.name, settings.profile.model.path,
        )  # fmt: skip
        if is_same and math.isfinite(score.perplexity):
            known = best.get(made.strategy, math.inf)
            best[made.strategy] = min(known, score.perplexity)
    return {name: best[name] for name in names if name in best}
