"""Perplexity as the course's ppl.py defines it: the mean over samples, beside it the corpus."""

from __future__ import annotations

import math

import pytest

from engine.data.directions import Direction
from engine.scores import perplexity
from engine.scores.result_lines import SampleResult


def result(nll: float | None, tokens: int, direction: Direction = "to_modern") -> SampleResult:
    return SampleResult("a", direction, None, nll, tokens)


def test_of_a_sample_it_is_exp_of_the_mean_nats_a_token() -> None:
    assert perplexity.of_sample(6.0, 3) == pytest.approx(math.e**2)


def test_of_a_sample_it_is_infinite_where_exp_overflows() -> None:
    assert perplexity.of_sample(1e6, 1) == math.inf


def test_of_a_sample_without_scored_tokens_it_is_nan() -> None:
    assert math.isnan(perplexity.of_sample(0.0, 0))


def test_macro_is_the_mean_over_samples_and_corpus_weighs_by_tokens() -> None:
    score = perplexity.combine([result(math.log(2) * 30, 30), result(math.log(8) * 10, 10)])
    assert score.perplexity == pytest.approx((2 + 8) / 2)
    assert score.perplexity_corpus == pytest.approx((2**30 * 8**10) ** (1 / 40))
    assert (score.samples, score.tokens) == (2, 40)


@pytest.mark.parametrize("odd", [result(None, 3), result(math.nan, 3), result(None, 0)])
def test_one_sample_without_a_number_makes_the_mean_nan_as_in_the_course(
    odd: SampleResult,
) -> None:
    assert math.isnan(perplexity.combine([result(1.0, 1), odd]).perplexity)


def test_of_nothing_it_is_nan() -> None:
    score = perplexity.combine([])
    assert math.isnan(score.perplexity)
    assert math.isnan(score.perplexity_corpus)
    assert (score.samples, score.tokens) == (0, 0)


def test_each_direction_that_occurs_gets_a_score_of_its_own() -> None:
    results = [result(math.log(2), 1), result(math.log(4), 1, "to_classical")]
    found = perplexity.by_direction(results)
    assert {key: round(score.perplexity, 6) for key, score in found.items()} == {
        "to_modern": 2.0,
        "to_classical": 4.0,
    }
    assert list(found) == ["to_modern", "to_classical"], "in the order in which they are shown"
