"""Two runs on the same items: how much they differ, how surely, and what a difference rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from engine.data.directions import DIRECTIONS
from engine.language.errors import RunError
from engine.language.figures import chance, number
from engine.language.said import Said, Words, english
from engine.run.folder import Run
from engine.run.judgement import METRICS, Measure
from engine.scores import (
    comparability,
    judge,
    perplexity,
    resampling,
    result_lines,
    translation_quality,
)
from engine.scores.comparability import Side
from engine.scores.judge import Texts
from engine.scores.kept import kept
from engine.scores.resampling import Statistic, Summed
from engine.scores.result_lines import SampleResult

TEST = Said(
    "approximate randomisation, two-sided, {count} trials, seed {seed}; "
    "of the split by items: sign test",
    count=f"{resampling.TRIALS:,}",
    seed=resampling.SEED,
)
_SAID = {"p": TEST, "intervals": judge.INTERVAL}
"""How every comparison is defined."""


class Line(Struct, frozen=True):
    """One score of both runs."""

    name: str
    one: float
    other: float
    difference: Measure
    """`one` less `other`."""
    p: float | None = None
    """Of a difference as great by chance; None where it is not tested, nan where it cannot be."""

    @property
    def better(self) -> str:
        """The better run, `A` or `B`, if the interval leaves no doubt; else empty."""
        low, high = self.difference.low, self.difference.high
        if math.isnan(low) or low <= 0 <= high:
            return ""
        return "A" if (low > 0) == (self.name in METRICS) else "B"

    def cells(self) -> list[str]:
        """Both scores, their difference, its interval, p and the better run, for a table."""
        low, high = self.difference.low, self.difference.high
        return [
            number(self.one),
            number(self.other),
            _signed(self.difference.value),
            "" if math.isnan(low) else f"{_signed(low)} … {_signed(high)}",
            "" if self.p is None else chance(self.p),
            self.better,
        ]


class Split(Struct, frozen=True):
    """By item: which run has the lower perplexity, and how few items make the difference."""

    better: int
    """Items on which the first run is better."""
    worse: int
    equal: int
    p: float
    """Of the sign test."""
    ruling: int
    """Items, the most different first, that alone make half of the difference of the means."""


class Comparison(Struct, frozen=True, kw_only=True):
    """What two runs come to on the items that both have."""

    one: str
    """Run ids."""
    other: str
    items: int
    parts: dict[str, list[Line]]
    """`all`, and by direction: whatever both runs have."""
    split: Split | None = None
    cautions: list[Said] = []
    """Why the numbers may not be comparable, a sentence each."""
    definition: dict[str, str] = {}
    """In English, for programs."""

    def defined(self) -> dict[str, Words]:
        """How the numbers are defined, for who reads it."""
        return {**self.definition, **_SAID}


def _signed(value: float) -> str:
    return f"+{number(value)}" if value > 0 else number(value).replace("-", "−")


def compare(one: Run, other: Run, *, translations: bool = True) -> Comparison:
    """Compare two runs item by item.

    `translations` False leaves BLEU and chrF out, and so loads no numpy. Raises RunError when the
    runs have no results or no items in common, UserError if sacreBLEU is not installed.
    """
    summaries = one.summary(), other.summary()
    files = [result_lines.of_run(run, known) for run, known in zip((one, other), summaries)]
    first, second = comparability.common(*files)
    if not first:
        raise nothing_in_common(one, other)
    sides = (
        Side(one, summaries[0], first, len(files[0])),
        Side(other, summaries[1], second, len(files[1])),
    )
    scored = all(side.is_scored for side in sides)
    translated = translations and all(side.is_translated for side in sides)
    other_tokens = scored and comparability.differing_tokens(*sides) > 0
    how = resampling.SEED, resampling.TRIALS, resampling.RESAMPLES
    flags = scored, translated, other_tokens
    found = kept("two", [how, flags, first, second], _Parts, lambda: _parts(first, second, *flags))
    return Comparison(
        one=one.id,
        other=other.id,
        items=len(first),
        parts=found.parts,
        split=_split(first, second) if scored else None,
        cautions=comparability.cautions(*sides),
        definition=found.definition | {name: english(words) for name, words in _SAID.items()},
    )


class _Parts(Struct, frozen=True):
    """What takes long: the lines of each part, and sacreBLEU's signatures."""

    parts: dict[str, list[Line]]
    definition: dict[str, str]


def _parts(
    first: Sequence[SampleResult],
    second: Sequence[SampleResult],
    scored: bool,
    translated: bool,
    other_tokens: bool,
) -> _Parts:
    parts: dict[str, list[Line]] = {}
    definition: dict[str, str] = {}
    for part in ("all", *DIRECTIONS):
        chosen = [i for i, result in enumerate(first) if part in ("all", result.direction)]
        halves = [first[i] for i in chosen], [second[i] for i in chosen]
        if chosen and (scored or translated):
            parts[part] = _perplexity_lines(*halves, by_character=other_tokens) if scored else []
            lines, signatures = _translation_lines(*halves) if translated else ([], {})
            parts[part] += lines
            definition = definition or signatures
    return _Parts(parts, definition)


def nothing_in_common(one: Run, other: Run) -> RunError:
    """The error of two runs on different items."""
    return RunError(
        "{one} and {other} have no items in common: nothing to compare", one=one.id, other=other.id
    )


def _perplexity_lines(
    one: Sequence[SampleResult], other: Sequence[SampleResult], *, by_character: bool
) -> list[Line]:
    first, second = judge.perplexities(one), judge.perplexities(other)
    if by_character:
        first["per character"] = judge.perplexity_by_character(one)
        second["per character"] = judge.perplexity_by_character(other)
    return [line(name, first[name], second[name]) for name in first]


def line(name: str, one: Statistic, other: Statistic) -> Line:
    whole, p = range(one.count), None
    if isinstance(one, Summed) and isinstance(other, Summed):  # a median is not
        p = resampling.exchange_test(one, other)
    difference = resampling.measure_difference(one, other)
    return Line(name, one.of(whole), other.of(whole), difference, p)


def _translation_lines(
    one: Sequence[SampleResult], other: Sequence[SampleResult]
) -> tuple[list[Line], dict[str, str]]:
    """BLEU and chrF, and sacreBLEU's signatures; none where there are no references."""
    texts = [Texts.of(results, [result.output for result in results]) for results in (one, other)]
    if not texts[0].items:
        return [], {}
    outputs, references = [text.outputs for text in texts], texts[0].references
    counted = [translation_quality.count(half, references) for half in outputs]
    lines, signatures = [], {}
    for name, first in counted[0].items():
        lines.append(line(name, first.score(), counted[1][name].score()))
        signatures[METRICS[name].name] = first.signature
    return lines, signatures


def _split(one: Sequence[SampleResult], other: Sequence[SampleResult]) -> Split:
    gains = [_value(b) - _value(a) for a, b in zip(one, other, strict=True)]
    better, worse = sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains)
    equal = len(gains) - better - worse
    return Split(better, worse, equal, resampling.sign_test(better, worse), _ruling(gains))


def _value(result: SampleResult) -> float:
    return perplexity.of_sample(math.nan if result.nll is None else result.nll, result.tokens)


def _ruling(gains: Sequence[float]) -> int:
    total = sum(gains)
    towards = sorted((gain if total > 0 else -gain for gain in gains), reverse=True)
    reached, count = 0.0, 0
    for gain in towards:
        if reached >= abs(total) / 2:
            break
        reached, count = reached + gain, count + 1
    return count
