"""Corpus BLEU and chrF of translations, by sacreBLEU (Post 2018), Chinese cut into characters.

A corpus score is no mean of sentence scores: what is counted in every sentence is added up first.
These counts are kept, so that the score of any part of a file, or of a resample, costs little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.language.errors import UserError
from engine.scores.resampling import Summed

References = Sequence[Sequence[str | None]]
"""Sets of references, each as long as the file; None where a set has none for an item."""


@dataclass(frozen=True)
class Counted:
    """What one metric counted in every sentence of a file."""

    signature: str
    """sacreBLEU's own: all that must be known to get the same number again."""
    counts: list[list[float]]
    _metric: Any

    def score(self, items: Sequence[int] | None = None) -> Summed:
        """The corpus score of the whole file or of some of its items, ready to be resampled."""
        chosen = self.counts if items is None else [self.counts[item] for item in items]
        columns = tuple(tuple(column) for column in zip(*chosen))
        return Summed(columns, lambda sums, _: self._of(sums))

    def of_sentence(self, item: int) -> float:
        """The score of one sentence alone; of chrF, for BLEU means little there."""
        return self._of(self.counts[item])

    def _of(self, counts: Sequence[float]) -> float:
        # sacreBLEU has no public way to score sums of counts; its own resampling does it so.
        return float(self._metric._compute_score_from_stats(list(counts)).score)


def count(outputs: Sequence[str], references: References) -> dict[str, Counted]:
    """Count for BLEU and chrF. Raises UserError if sacreBLEU is not installed."""
    counted = {}
    for name, metric in metrics().items():
        counts = metric._extract_corpus_statistics(list(outputs), references)
        counted[name] = Counted(str(metric.get_signature()), counts, metric)
    return counted


def metrics() -> dict[str, Any]:
    """sacreBLEU's metrics as they are used here, new ones, by their names in `METRICS`."""
    try:
        from sacrebleu.metrics import BLEU, CHRF  # brings numpy: never at this module's import
    except ImportError:
        raise UserError("BLEU and chrF are counted by sacreBLEU: pip install sacrebleu") from None
    return {"bleu": BLEU(tokenize="zh"), "chrf": CHRF()}
