"""The learning curve as numbers: thinning, smoothing, gaps, resumed runs, scales."""

from __future__ import annotations

import math
from array import array

import pytest
from samples import score, step

from engine.run.events import Evaluated, Event, Failed, Finished, Saved, Started, Stopped
from tui.chart.curve import Curve, thin
from tui.chart.scale import linear_scale, log_scale, loss_scale, perplexity_scale
from tui.screens.train import perplexities


def _curve(*losses: float, planned: int = 100) -> Curve:
    curve = Curve()
    events: list[Event] = [Started(steps=planned)]
    events += [step(n, planned, loss=loss) for n, loss in enumerate(losses, 1)]
    curve.extend(events)
    return curve


def _even(curve: Curve, metric: str = "loss") -> list[float]:
    return [curve.smoothed(metric).at(place) for place in range(len(curve.steps))]


def _test(at: int, perplexity: float) -> Evaluated:
    return Evaluated(part="test", score=score(perplexity), step=at)


def test_two_points_a_column_keep_every_spike() -> None:
    xs = array("d", range(1, 10_001))
    ys = array("d", (5.0 if n == 5_000 else 1.0 + n % 7 / 10 for n in range(10_000)))
    kept_x, kept_y = thin(xs, ys, (0, 10_000), 80)
    assert len(kept_x) <= 160
    assert max(kept_y) == 5.0
    assert kept_x == sorted(kept_x)


def test_what_is_not_finite_becomes_a_gap() -> None:
    curve = _curve(3.0, math.nan, math.inf, -math.inf, 2.0, planned=5)
    _, raw = curve.raw_points(5)
    assert raw[0] == 3.0
    assert all(math.isnan(value) for value in raw[1:4])
    assert raw[4] == 2.0
    assert all(math.isfinite(value) for value in _even(curve))


def test_one_bad_step_does_not_bend_the_curve() -> None:
    curve = _curve(*[2.0] * 50, 900.0, *[2.0] * 50)
    assert max(_even(curve)) < 4
    assert loss_scale(curve.raw_points(80)[1], curve.smooth_points(80)[1]).high < 10


def test_steps_done_again_after_a_resume_replace_the_old_ones() -> None:
    curve = _curve(*[3.0] * 8)
    curve.extend([_test(4, 50.0), _test(8, 40.0)])
    curve.extend([Started(steps=100, resumed_from=5), step(6, loss=1.0)])
    assert list(curve.steps) == [1, 2, 3, 4, 5, 6]
    assert curve.loss[-1] == 1.0
    assert curve.perplexity == {4: 50.0}


@pytest.mark.parametrize("share", [0.005, 0.02, 0.08])
def test_the_smoothed_curve_is_not_shifted_against_the_raw_one(share: float) -> None:
    """On a steady fall, a mean of the past would stand above every value."""
    curve = _curve(*[4.0 - n / 500 for n in range(1000)], planned=1000)
    curve.smooth_by(share)
    for even, raw in zip(_even(curve), curve.loss):
        assert even == pytest.approx(raw, abs=1e-6)


def test_a_noisy_curve_is_smoothed_without_a_shift_to_its_newest_value() -> None:
    losses = [1.0 + 3 * math.exp(-n / 300) + (-1) ** n * 0.4 for n in range(1000)]
    curve = _curve(*losses, planned=1000)
    for place, even in enumerate(_even(curve)[10:], 10):
        assert abs(even - (1.0 + 3 * math.exp(-place / 300))) < 0.15


def test_a_live_run_is_smoothed_like_an_old_one() -> None:
    events = [step(n, 300, loss=3.0 - n / 150 + n % 7 / 10) for n in range(1, 201)]
    old, live = Curve(), Curve()
    old.extend([Started(steps=300), *events])
    live.extend([Started(steps=300)])
    for event in events:
        live.extend([event])
        live.smooth_points(80)
    assert _even(live) == _even(old)


@pytest.mark.parametrize(
    "end", [Stopped(step=30), Failed(type="Error", message="x"), Finished(steps=30)]
)
def test_the_x_axis_ends_where_the_run_ended(end: Event) -> None:
    curve = _curve(*[3.0] * 30)
    assert curve.last_step == 100
    curve.extend([end])
    assert curve.last_step == 30
    curve.extend([Started(steps=100, resumed_from=30)])
    assert curve.last_step == 100


def test_test_file_and_validation_pairs_are_plotted() -> None:
    curve = _curve(3.0)
    curve.extend([Evaluated(part="validation", score=score(9.0), step=1)])
    curve.extend([Evaluated(part="repaired", score=score(7.0), step=1)])
    curve.extend([_test(0, math.inf), _test(1, 30.0)])
    assert perplexities.points(curve.perplexity) == ([1.0], [30.0])
    assert perplexities.points(curve.validation) == ([1.0], [9.0])


@pytest.mark.parametrize(
    ("low", "high"),
    [(0.0, 0.0), (1.0, 1.0), (2.31, 2.34), (-3.0, 4.0), (0.0003, 0.0009), (16.2, 99.0), (1e6, 3e9)],
)
def test_scales_hold_their_values_at_round_numbers(low: float, high: float) -> None:
    scale = linear_scale(low, high)
    assert scale.low <= low + 1e-9
    assert scale.high >= high - 1e-9
    assert 2 <= len(scale.ticks) <= 7
    assert len(set(scale.labels)) == len(scale.labels)


def test_limits_stay_while_values_move_between_them() -> None:
    assert linear_scale(1.61, 3.4) == linear_scale(1.69, 3.3)


def test_perplexities_far_apart_get_a_logarithmic_scale() -> None:
    scale = perplexity_scale([1500.0, 90.0, 16.6])
    assert scale.logarithmic
    assert scale.low == 10
    assert scale.high == 2000
    assert not perplexity_scale([40.0, 16.6]).logarithmic
    assert perplexity_scale([80.0, 16.6]).logarithmic
    assert scale.place(1e9) == scale.place(2000)


def test_a_logarithmic_scale_ends_at_round_numbers() -> None:
    scale = log_scale(1.2, 3.4)
    assert (scale.low, scale.high) == (1, 5)
    assert scale.labels == ["1", "2", "5"]
    assert log_scale(3e-6, 2e-4).labels[0] == "2e-6"
    assert loss_scale([-1.0, 2.0], [], logarithmic=True).logarithmic is False


def test_large_and_tiny_values_are_labelled_in_few_characters() -> None:
    assert linear_scale(0, 12e9).labels[-1] == "15G"
    assert log_scale(39, 1.8e10).labels == ["100", "10k", "1M", "100M", "10G"]
    assert log_scale(30, 1e5).labels == ["100", "1k", "10k", "100k"]
    assert linear_scale(0, 2e-4, smallest=1e-12).labels == ["0", "5e-5", "1e-4", "1.5e-4", "2e-4"]


def test_every_metric_is_kept_and_smoothed_when_asked_for() -> None:
    curve = Curve()
    curve.extend([step(n, grad_norm=float(n), memory=0) for n in (1, 2, 3)])
    assert list(curve.columns["grad_norm"]) == [1.0, 2.0, 3.0]
    assert all(math.isnan(value) for value in curve.columns["memory"])
    assert _even(curve, "grad_norm") == pytest.approx([1.0, 2.0, 3.0])
    curve.extend([step(4, grad_norm=math.nan)])
    assert math.isfinite(_even(curve, "grad_norm")[-1])
    curve.smooth_by(0.0)
    assert _even(curve, "grad_norm")[:3] == [1.0, 2.0, 3.0]
    assert math.isnan(_even(curve, "grad_norm")[-1])


def test_a_window_holds_only_its_own_steps() -> None:
    curve = _curve(*[float(n) for n in range(1, 101)])
    xs, _ = curve.raw_points(80, "loss", (40, 60))
    assert (min(xs), max(xs)) == (40, 60)
    xs, _ = curve.smooth_points(10, "loss", (40, 60))
    assert len(xs) == 10


def test_values_under_a_crosshair() -> None:
    curve = _curve(3.0, 2.0, 1.0)
    curve.extend([_test(0, 90.0), _test(2, 40.0)])
    assert curve.value_at("loss", 2.4) == 2.0
    assert math.isnan(curve.value_at("loss", 0.5))
    assert math.isnan(curve.value_at("loss", 4)), "it has not come so far"
    assert perplexities.last_at(curve.perplexity, 1.9) == (0, 90.0)
    assert perplexities.last_at(curve.perplexity, -1) is None
    assert curve.nearest_step(2.6) == 3.0


def test_the_best_checkpoint_is_known_until_a_resume_does_its_step_again() -> None:
    curve = _curve(*[3.0] * 8)
    curve.extend(
        [Saved(step=6, checkpoint="step-000006", best=True), Saved(step=8, checkpoint="x")]
    )
    assert curve.best == 6
    curve.extend([Started(steps=100, resumed_from=5)])
    assert curve.best is None


def test_a_line_goes_on_at_the_edges_of_a_window() -> None:
    found = {0: 90.0, 40: 50.0, 80: 10.0}
    assert perplexities.line(found, (20, 60)) == ([20, 40, 60], [70.0, 50.0, 30.0])
    assert perplexities.line(found, (10, 20)) == ([10, 20], [80.0, 70.0])
    assert perplexities.line(found, (0, 100)) == ([0, 40, 80], [90.0, 50.0, 10.0])
    assert perplexities.line(found, (85, 95)) == ([], [])


def test_a_line_is_cut_where_it_leaves_the_picture() -> None:
    xs, ys = perplexities.up_to(([0, 40, 80], [90.0, 50.0, 10.0]), 30.0)
    assert xs == [0, 40, 60, 80]
    assert math.isnan(ys[0])
    assert math.isnan(ys[1])
    assert ys[2:] == [30.0, 10.0]
