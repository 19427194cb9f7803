"""The strategies side by side: the scores of one model on one test file."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from engine.prompts import strategies
from engine.run.judgement import value
from engine.table.catalog import Row
from engine.table.row_facts import perplexity_of
from engine.table.same_test import comparable


@dataclass(frozen=True)
class Rival:
    """A strategy's score: of the run that is shown, else of the strategy's best run."""

    strategy: str
    perplexity: float
    run_id: str
    is_shown: bool = False
    ratio: float = math.nan
    """To zero-shot; nan if that was not scored."""
    bleu: float = math.nan
    """Of the outputs, like `chrf`; nan without any."""
    chrf: float = math.nan
    mark: str = ""
    """Stands behind a perplexity that flatters the run (see `engine.run.settings.PEEKED`)."""


def find_rivals(rows: Iterable[Row], sha256: str, model: str, shown: str = "") -> list[Rival]:
    """One row per strategy, the best first, of runs that can be compared."""
    best: dict[str, Rival] = {}
    for row in comparable(rows, sha256, model):
        name = row.settings.strategy
        rival = _rival(row, perplexity_of(row), shown)
        if name not in best or _precedes(rival, best[name]):
            best[name] = rival
    zero = best.get(strategies.ZERO_SHOT.name)
    ranked = sorted(best.values(), key=lambda rival: rival.perplexity)
    return [_related(rival, zero) for rival in ranked]


def _rival(row: Row, perplexity: float, shown: str) -> Rival:
    judged = row.summary.judgement
    return Rival(
        row.settings.strategy,
        perplexity,
        row.run.id,
        row.run.id == shown,
        bleu=value(judged.bleu) if judged else math.nan,
        chrf=value(judged.chrf) if judged else math.nan,
        mark=row.settings.mark,
    )


def _precedes(one: Rival, other: Rival) -> bool:
    return (not one.is_shown, one.perplexity) < (not other.is_shown, other.perplexity)


def _related(rival: Rival, zero: Rival | None) -> Rival:
    if zero is None or zero is rival or not math.isfinite(rival.perplexity / zero.perplexity):
        return rival
    ratio = rival.perplexity / zero.perplexity
    return replace(rival, ratio=ratio)
