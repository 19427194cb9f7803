"""What perplexity means here, as the course's ppl.py defines it, and how samples are added up.

Of one sample: exp of the mean negative log-likelihood (nats) of its output tokens and the eos that
ends it. Macro, the course's number: the arithmetic mean of that over samples, ruled by the few
worst. Corpus (micro): exp of the mean over all scored tokens of all samples.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from engine.data.directions import Direction
from engine.run.events import Score


class SampleResult(Struct):
    """One line of an evaluation's JSONL."""

    id: str
    direction: Direction
    perplexity: float | None
    """None where only an output was asked for, or where it is not a finite number."""
    nll: float | None
    """Sum over the scored tokens, nats."""
    tokens: int
    """Scored tokens: output and eos."""
    instruction: str = ""
    reference: str = ""
    output: str | None = None
    """The model's own translation, if it was asked for one."""
    examples: list[str] = []
    """Ids of the few-shot examples before it, where each item has its own."""
    repaired: str = ""
    """A second reference, see engine.dataset."""
    cut: bool = False
    """Was the output as long as allowed, and not ended by the model?"""
    special: list[str] = []
    """Special tokens within the output, which its text leaves out."""
    faults: dict[str, str] = {}
    """What is wrong with the output, by kind (see engine.scores.output_checks)."""
    chrf: float | None = None
    """Of the output alone, 0–100."""
    has_number: bool = False
    """Is the id a whole number in the data file?"""

    @property
    def own_id(self) -> str | int:
        """The id as the data file has it."""
        return int(self.id) if self.has_number else self.id


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
