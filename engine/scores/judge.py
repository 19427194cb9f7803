"""Judges the results of an evaluation: BLEU and chrF, intervals, faults, over all and by direction.

Beside every score of the outputs stands what the untranslated source would have scored: of texts so
alike as Classical and modern Chinese, that is far from nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.data import directions
from engine.language.said import Said, Words
from engine.run import definition
from engine.run.events import Judged
from engine.run.judgement import METRICS, Judgement
from engine.scores import output_checks, perplexity, resampling, translation_quality
from engine.scores.output_checks import OutputChecker
from engine.scores.resampling import Median, Statistic, Summed
from engine.scores.result_lines import SampleResult
from engine.scores.translation_quality import Counted, References

INTERVAL = Said(
    "95 %, percentiles of {count} bootstrap resamples of the items, seed {seed}",
    count=f"{resampling.RESAMPLES:,}",
    seed=resampling.SEED,
)


@dataclass(frozen=True)
class Texts:
    """Outputs beside the references that they are held against."""

    items: list[int]
    """Those of the results that have an output and a reference."""
    outputs: list[str]
    references: References

    @classmethod
    def of(cls, results: Sequence[SampleResult], outputs: Sequence[str | None]) -> Texts:
        """Of the results with a reference; `outputs` belong to the results in order."""
        items = [
            item
            for item, (result, output) in enumerate(zip(results, outputs, strict=True))
            if output is not None and result.reference.strip()
        ]
        return cls(items, [outputs[item] or "" for item in items], references(results, items))


def references(results: Sequence[SampleResult], items: Sequence[int]) -> References:
    """The references of some items, and as a second set the repaired ones, if there are any."""
    first: list[str | None] = [results[item].reference for item in items]
    second = [results[item].repaired or None for item in items]
    return [first, second] if any(second) else [first]


def judge(
    results: Sequence[SampleResult], checker: OutputChecker, *, part: str, step: int, file: str
) -> Judged:
    """Judge a file, and note in each result what is wrong with its output.

    Raises UserError if sacreBLEU or OpenCC is not installed.
    """
    for result in results:
        result.faults = checker.faults(result)
    outputs = Texts.of(results, [result.output for result in results])
    sources = Texts.of(results, [directions.source_text(result.instruction) for result in results])
    counted = _count(outputs)
    for at, item in enumerate(outputs.items):
        results[item].chrf = counted["chrf"].of_sentence(at)
    source_counted = _count(sources)

    def judgement(direction: str = "") -> Judgement:
        chosen = [i for i, one in enumerate(results) if direction in ("", one.direction)]
        return _judgement(
            [results[item] for item in chosen],
            _scores(counted, outputs, set(chosen)),
            _scores(source_counted, sources, set(chosen)),
        )

    found = sorted({result.direction for result in results}, reverse=True)
    return Judged(
        part=part,
        judgement=judgement(),
        directions={direction: judgement(direction) for direction in found},
        step=step,
        file=file,
        **definition.as_keys(_definition(results, counted or source_counted)),
    )


def perplexities(results: Sequence[SampleResult]) -> dict[str, Statistic]:
    """Macro, corpus and median perplexity of scored results, ready to be resampled."""
    nll = [math.nan if result.nll is None else result.nll for result in results]
    samples = [perplexity.of_sample(one, result.tokens) for one, result in zip(nll, results)]
    return {
        "perplexity": resampling.mean(samples),
        "corpus": _corpus(nll, [float(result.tokens) for result in results]),
        "median": Median(tuple(samples)),
    }


def perplexity_by_character(results: Sequence[SampleResult]) -> Statistic:
    """Corpus perplexity of a character of the references, the end of an answer taken for one.

    Comparable between tokenizers, as that of a token is not.
    """
    nll = [math.nan if result.nll is None else result.nll for result in results]
    lengths = [float(len(result.reference) + 1) for result in results]
    return _corpus(nll, lengths)


def _corpus(nll: Sequence[float], lengths: Sequence[float]) -> Summed:
    return Summed(
        (tuple(nll), tuple(lengths)),
        lambda sums, _: perplexity.of_sample(sums[0], round(sums[1])),
    )


def _count(texts: Texts) -> dict[str, Counted]:
    return translation_quality.count(texts.outputs, texts.references) if texts.items else {}


def _scores(counted: dict[str, Counted], texts: Texts, chosen: set[int]) -> dict[str, Statistic]:
    """BLEU and chrF of some of the results."""
    rows = [at for at, item in enumerate(texts.items) if item in chosen]
    return {name: one.score(rows) for name, one in counted.items()} if rows else {}


def _judgement(
    results: Sequence[SampleResult], translated: dict[str, Statistic], copied: dict[str, Statistic]
) -> Judgement:
    scored = bool(results) and all(result.tokens for result in results)
    scores = perplexities(results) if scored else {}
    median = scores.pop("median").of(range(len(results))) if scored else None
    outputs = sum(result.output is not None for result in results)
    return Judgement(
        samples=len(results),
        median=median,
        **resampling.measure(scores),
        **resampling.measure(translated),
        **{f"source_{name}": value for name, value in resampling.measure(copied).items()},
        outputs=outputs,
        faults=output_checks.tally(results) if outputs else {},
    )


def _definition(results: Sequence[SampleResult], counted: dict[str, Counted]) -> dict[str, Words]:
    said: dict[str, Words] = {METRICS[name].name: one.signature for name, one in counted.items()}
    repaired = sum(bool(result.repaired) for result in results)
    if repaired:
        said["references"] = Said(
            "the file's, and a repaired one of {some} of {count} items",
            some=repaired,
            count=len(results),
        )
    if counted or any(result.tokens for result in results):
        said["intervals"] = INTERVAL
    return said
