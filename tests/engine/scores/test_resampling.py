"""Intervals and tests against what is known by calculation, and the same again by the same seed."""

from __future__ import annotations

import itertools
import math
import random
import statistics

import pytest

from engine.scores.resampling import (
    RESAMPLES,
    SEED,
    TRIALS,
    Median,
    Summed,
    exchange_test,
    mean,
    measure,
    measure_difference,
    sign_test,
)


def normal(count: int, seed: int = 1) -> list[float]:
    draw = random.Random(seed)
    return [draw.gauss(10, 2) for _ in range(count)]


def ratio(tops: list[float], bottoms: list[float]) -> Summed:
    return Summed((tuple(tops), tuple(bottoms)), lambda sums, _: sums[0] / sums[1])


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution() -> None:
    values = normal(400)
    found = measure({"mean": mean(values)}, resamples=4000)["mean"]
    error = statistics.stdev(values) / math.sqrt(400)
    assert found.value == pytest.approx(statistics.fmean(values))
    assert found.low == pytest.approx(found.value - 1.96 * error, abs=0.15 * error)
    assert found.high == pytest.approx(found.value + 1.96 * error, abs=0.15 * error)


def test_about_95_of_100_intervals_hold_the_truth() -> None:
    held = 0
    for seed in range(200):
        found = measure({"mean": mean(normal(60, seed))}, resamples=200)["mean"]
        held += found.low <= 10 <= found.high
    assert 0.89 <= held / 200 <= 0.99


def test_equal_values_leave_no_doubt() -> None:
    found = measure({"mean": mean([3.0] * 20), "median": Median((3.0,) * 20)})
    assert {(one.value, one.low, one.high) for one in found.values()} == {(3.0, 3.0, 3.0)}


def test_a_single_item_has_no_interval_and_none_no_score() -> None:
    found = measure({"mean": mean([3.0])})["mean"]
    assert found.value == 3.0
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert measure({"mean": mean([])}) == {}
    assert measure({}) == {}


def test_the_same_seed_draws_the_same_and_another_seed_other_resamples() -> None:
    scores = {"mean": mean(normal(50))}
    assert measure(scores) == measure(scores)
    assert measure(scores, seed=1)["mean"].low != measure(scores)["mean"].low


def test_what_sums_determine_is_added_up_before_it_is_divided() -> None:
    score = ratio([1.0, 9.0, 2.0], [1.0, 3.0, 4.0])
    assert score.of([0, 1, 1]) == 19 / 7
    assert score.of(range(3)) == 12 / 8


def test_infinity_is_kept_and_what_is_no_number_has_no_interval() -> None:
    found = measure({"mean": mean([1.0, math.inf, 2.0])})["mean"]
    assert (found.value, found.high) == (math.inf, math.inf)
    assert math.isnan(measure({"mean": mean([1.0, math.nan])})["mean"].low)


def test_two_that_are_the_same_differ_by_nothing_with_p_1() -> None:
    one, other = mean(normal(80)), mean(normal(80))
    found = measure_difference(one, other)
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)
    assert exchange_test(one, other) == 1.0


def test_a_constant_shift_is_found_however_the_items_scatter() -> None:
    values = normal(40)
    one, other = mean(values), mean([value + 0.1 for value in values])
    found = measure_difference(one, other)
    assert found.value == pytest.approx(-0.1)
    assert found.high < 0  # though the items scatter twenty times as much
    assert exchange_test(one, other, trials=2000) == pytest.approx(1 / 2001)


def test_p_is_the_share_of_all_exchanges_that_differ_as_much() -> None:
    one = [3.1, 2.7, 4.0, 2.2, 5.9, 3.3, 1.2, 4.4]
    other = [2.5, 2.9, 3.1, 2.0, 5.5, 3.6, 0.4, 4.1]
    gaps = [a - b for a, b in zip(one, other, strict=True)]
    observed = abs(sum(gaps))
    signs = itertools.product((1, -1), repeat=len(gaps))
    as_great = sum(
        abs(sum(sign * gap for sign, gap in zip(chosen, gaps, strict=True))) >= observed - 1e-9
        for chosen in signs
    )
    exact = as_great / 2 ** len(gaps)
    assert 0.02 < exact < 0.5
    assert exchange_test(mean(one), mean(other)) == pytest.approx(exact, abs=0.015)


def test_a_ratio_is_exchanged_with_both_of_its_sums() -> None:
    tops, bottoms = normal(30), normal(30, 2)
    same = exchange_test(ratio(tops, bottoms), ratio(tops, bottoms))
    scaled = ratio([2 * top for top in tops], [2 * bottom for bottom in bottoms])
    apart = exchange_test(ratio(tops, bottoms), ratio([3 * top for top in tops], bottoms))
    assert same == 1.0
    assert exchange_test(ratio(tops, bottoms), scaled, trials=500) > 0.9  # the same ratio
    assert apart < 0.001


def test_noise_alone_is_seldom_taken_for_a_difference() -> None:
    small = 0
    for seed in range(100):
        one, other = normal(30, seed), normal(30, seed + 1000)
        small += exchange_test(mean(one), mean(other), trials=200) < 0.05
    assert small <= 12


def test_what_is_not_finite_is_not_tested() -> None:
    assert math.isnan(exchange_test(mean([1.0, math.inf]), mean([1.0, 2.0])))


@pytest.mark.parametrize(
    ("wins", "losses", "p"),
    [(0, 0, 1.0), (5, 5, 1.0), (10, 0, 2 / 1024), (0, 10, 2 / 1024), (8, 2, 2 * 56 / 1024)],
)
def test_the_sign_test_is_exact(wins: int, losses: int, p: float) -> None:
    assert sign_test(wins, losses) == pytest.approx(p)


def test_the_sign_test_takes_whole_files() -> None:
    assert sign_test(6000, 4000) < 1e-80
    assert 0.3 < sign_test(5040, 4960) < 0.5


def test_a_number_is_told_by_so_many_draws() -> None:
    """What every score that was written down rests on."""
    assert (RESAMPLES, TRIALS, SEED) == (1000, 10_000, 0)


@pytest.mark.parametrize("count", [2, 3, 30])
def test_the_interval_leaves_out_as_many_resamples_below_as_above(count: int) -> None:
    """Of 100, two on either side; two items have an interval already."""
    values, draw = normal(count), random.Random(7)
    means = sorted(
        sum(values[at] for at in draw.choices(range(count), k=count)) / count for _ in range(100)
    )
    found = measure({"mean": mean(values)}, resamples=100, seed=7)["mean"]
    assert (found.low, found.high) == pytest.approx((means[2], means[-3]))
    assert found.low < found.high


def test_one_item_that_is_no_number_leaves_no_interval() -> None:
    found = measure({"mean": mean([*normal(20), math.nan])})["mean"]
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_scores_of_other_sums_are_not_exchanged() -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        exchange_test(ratio([1.0], [2.0]), mean([1.0]))


def test_p_does_not_depend_on_the_unit() -> None:
    one, other = normal(12), normal(12, 2)
    small = [[value * 1e-12 for value in values] for values in (one, other)]
    assert exchange_test(mean(small[0]), mean(small[1])) == exchange_test(mean(one), mean(other))


def test_two_that_are_nothing_do_not_differ() -> None:
    assert exchange_test(mean([0.0] * 5), mean([0.0] * 5)) == 1.0


def test_a_sum_in_another_order_is_no_smaller_difference() -> None:
    """0.1 + 0.2 - 0.3 is not quite nothing: exchanging these three changes the last digit alone."""
    gaps = [-0.3, 0.1, 0.2, 0.2]
    exact = sum(
        abs(sum(sign * gap for sign, gap in zip(signs, gaps, strict=True))) >= 0.2 - 1e-9
        for signs in itertools.product((1, -1), repeat=4)
    )
    assert exact == 14
    assert exchange_test(mean([0.0] * 4), mean(gaps)) == pytest.approx(exact / 16, abs=0.02)
