"""What perplexity means here, as the course's ppl.py defines it, and how samples are added up.

Of one sample: exp of the mean negative log-likelihood (nats) of its output tokens and the eos that
ends it. Macro, the course's number: the arithmetic mean of that over samples, ruled by the few
worst. Corpus (micro): exp of the mean over all scored tokens of all samples.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.run.events import Score
from engine.scores.result_lines import SampleResult


def of_sample(nll: float, tokens: int) -> float:
    """Perplexity of one sample; infinity where exp overflows, nan where nothing was scored."""
    if not tokens:
        return math.nan
    try:
        return math.exp(nll / tokens)
    except OverflowError:
        return math.inf


def combine(results: Sequence[SampleResult]) -> Score:
    """Macro and corpus perplexity of samples; nan for none."""
    tokens = sum(result.tokens for result in results)
    if not tokens:
        return Score(math.nan, math.nan, len(results), 0)
    sums = [math.nan if result.nll is None else result.nll for result in results]
    samples = [of_sample(nll, result.tokens) for nll, result in zip(sums, results)]
    return Score(
        perplexity=sum(samples) / len(samples),
        perplexity_corpus=of_sample(sum(sums), tokens),
        samples=len(results),
        tokens=tokens,
    )


def by_direction(results: Sequence[SampleResult]) -> dict[str, Score]:
    """A score for each direction that occurs."""
    directions = sorted({result.direction for result in results}, reverse=True)
    return {
        direction: combine([result for result in results if result.direction == direction])
        for direction in directions
    }
