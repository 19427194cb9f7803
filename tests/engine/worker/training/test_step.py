"""Steps that are asked for before the last one's result is known come to the same run."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
import torch
from small_runs import RunMaker
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from engine.profile.schema import Training
from engine.prompts.builder import Encoded
from engine.run.events import Event, Finished, Saved, Step, Stopped
from engine.worker.process.reporter import Reporter
from engine.worker.scoring.session import Session
from engine.worker.training import loop, step
from engine.worker.training.loop import Trainer
from engine.worker.training.step import Gradient, OptimizerSteps

AHEAD, AT_ONCE = True, False
"""A fused optimizer looks itself whether a step may be taken: as on a GPU, so on a CPU."""


def _train(
    make_run: RunMaker, monkeypatch: pytest.MonkeyPatch, fused: bool, stop_at: int = 0
) -> list[Event]:
    def optimizer(settings: Training, parameters: list[nn.Parameter]) -> Optimizer:
        return AdamW(parameters, lr=settings.learning_rate, fused=fused)

    monkeypatch.setattr(loop, "make_optimizer", optimizer)
    small = make_run(training__max_steps=5, training__evaluate_every=4, training__warmup=0)
    said: list[Event] = []
    reporter = Reporter(said.append)

    def emit(event: Event) -> None:
        said.append(event)
        if isinstance(event, Step) and event.step == stop_at:
            reporter.stopping = True

    reporter.emit = emit  # type: ignore[method-assign]
    Trainer(Session(small.run, reporter)).train()
    return said


def test_a_run_is_the_same_and_every_step_is_told_in_its_place(
    make_run: RunMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = _train(make_run, monkeypatch, AHEAD)
    at_once = _train(make_run, monkeypatch, AT_ONCE)
    assert [type(event) for event in ahead] == [type(event) for event in at_once]

    def steps(said: list[Event]) -> list[tuple[float, ...]]:
        told = [event for event in said if isinstance(event, Step)]
        return [(e.step, e.loss, e.grad_norm, e.lr, e.tokens) for e in told]

    assert len(steps(ahead)) == 5
    for found, expected in zip(steps(ahead), steps(at_once)):
        assert found == pytest.approx(expected, rel=1e-4)
    ends = [said[-1] for said in (ahead, at_once)]
    assert all(isinstance(end, Finished) and end.score for end in ends)
    assert ends[0].score.perplexity == pytest.approx(ends[1].score.perplexity, rel=1e-4)


def test_a_step_that_was_asked_for_is_told_before_a_stop(
    make_run: RunMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = _train(make_run, monkeypatch, AHEAD, stop_at=1)
    steps = [event.step for event in said if isinstance(event, Step)]
    assert steps == [1, 2]
    assert isinstance(said[-1], Stopped)
    assert (said[-1].step, said[-1].checkpoint) == (2, "step-000002")
    assert [event.step for event in said if isinstance(event, Saved)] == [2]


class _Fixed(Gradient):
    """Gradients that are given."""

    def __init__(self, parameter: nn.Parameter, gradients: Sequence[float]) -> None:
        self._parameter = parameter
        self._given = iter(gradients)

    def accumulate(self, batch: Sequence[Encoded]) -> Tensor:
        given = next(self._given)
        self._parameter.grad = torch.full_like(self._parameter, given)
        return torch.tensor(given)


@pytest.mark.parametrize("fused", [AHEAD, AT_ONCE])
def test_what_is_no_number_is_not_applied_and_does_not_end_the_steps(fused: bool) -> None:
    gradients = [1.0, math.nan, 2.0]
    parameter = nn.Parameter(torch.zeros(2))
    optimizer = AdamW([parameter], lr=0.1, fused=fused)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda number: 1.0 - 0.1 * number)
    steps = OptimizerSteps(_Fixed(parameter, gradients), [parameter], optimizer, scheduler, 0.0)
    batch = [Encoded("", [1, 2, 3], [0, 1, 1])]
    found, pending = [], []
    for _ in gradients:
        found.append(steps.take(batch))
        pending.append(steps.pending)
    found.append(steps.settle())
    assert steps.settle() is None
    assert pending == ([1, 1, 1] if fused else [0, 0, 0])
    assert found[0 if fused else -1] is None
    results = [result for result in found if result is not None]
    assert [result.is_applied for result in results] == [True, False, True]
    assert [result.lr for result in results] == pytest.approx([0.1, 0.09, 0.08])
    assert [result.tokens for result in results] == [3, 3, 3]
    assert results[0].grad_norm == pytest.approx(math.sqrt(2))
    # AdamW moves by about lr a step, whatever the gradient's size: two steps were taken.
    assert parameter.detach().tolist() == pytest.approx([-0.18, -0.18], abs=0.01)


class _Watched(_Fixed):
    """A second a step, by a clock that is given."""

    def __init__(self, parameter: nn.Parameter, gradients: Sequence[float], clock: _Clock) -> None:
        super().__init__(parameter, gradients)
        self._clock = clock

    def accumulate(self, batch: Sequence[Encoded]) -> Tensor:
        self._clock.now += 1.0
        return super().accumulate(batch)


class _Clock:
    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.mark.parametrize("fused", [AHEAD, AT_ONCE])
def test_a_step_took_what_it_took_however_late_its_result_comes(
    monkeypatch: pytest.MonkeyPatch, fused: bool
) -> None:
    """Not what passes between two looks: nothing at a curve's point, the double after it."""
    clock = _Clock()
    monkeypatch.setattr(step, "time", clock)
    parameter = nn.Parameter(torch.zeros(2))
    optimizer = AdamW([parameter], lr=0.1, fused=fused)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda number: 1.0)
    gradient = _Watched(parameter, [1.0] * 6, clock)
    steps = OptimizerSteps(gradient, [parameter], optimizer, scheduler, 0.0)
    found = []
    for length in (1, 2, 3):
        found += [steps.take([Encoded("", [1, 2], [0, 1])]) for _ in range(length)]
        found.append(steps.settle())
        clock.now += 100.0  # an evaluation
    assert [result.seconds for result in found if result is not None] == [1.0] * 6
