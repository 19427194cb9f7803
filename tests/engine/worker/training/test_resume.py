"""Stopped or killed at any moment, a run goes on later as if nothing had been."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from statistics import fmean

import pytest
from small_runs import PARTS, RunMaker, SmallRun

from engine.cli.show import describe_run
from engine.machine import manifest
from engine.run.events import (
    FIRST_PHASE,
    Evaluated,
    Event,
    Finished,
    Phase,
    Sample,
    Started,
    Step,
    Stopped,
    Warned,
)
from engine.run.summary import Status


def _step(number: int, event: Event) -> bool:
    return isinstance(event, Step) and event.step >= number


def _assert_as_if_nothing_had_been(small: SmallRun, undisturbed: SmallRun) -> None:
    """Losses, learning curve and result, though dropout draws random numbers at every step."""
    losses, right = small.losses(), undisturbed.losses()
    assert list(losses) == list(right)
    assert losses == right  # to the last bit
    assert _curve(small) == _curve(undisturbed)
    (end,), (right_end,) = small.of_kind(Finished), undisturbed.of_kind(Finished)
    assert end.checkpoint == right_end.checkpoint == small.run.summary().best_checkpoint
    assert end.score is not None
    assert right_end.score is not None
    assert end.score == right_end.score
    assert end.loss == right_end.loss
    assert end.loss == pytest.approx(fmean(losses.values()), rel=1e-6)  # of all steps, being few
    found, expected = small.run.summary(), undisturbed.run.summary()
    for name in ("step", "steps", "tokens", "best_checkpoint"):
        assert getattr(found, name) == getattr(expected, name), name
    assert found.loss == expected.loss


def _worked(small: SmallRun) -> tuple[float, float]:
    """What the summary says of the time, and all the time that a worker was there."""
    given = small.events()
    starts = [at for at, event in enumerate(given) if _is_first(event)] + [len(given)]
    spans = [given[end - 1].at - given[first].at for first, end in pairwise(starts)]
    return small.run.summary().seconds, sum(spans)


def _is_first(event: Event) -> bool:
    return isinstance(event, Phase) and event.name == FIRST_PHASE


def _curve(small: SmallRun) -> dict[tuple[str, int], float]:
    evaluated = small.of_kind(Evaluated)
    return {(event.part, event.step): event.score.perplexity for event in evaluated}


def _stop_twice(make_run: RunMaker) -> SmallRun:
    """Once in an evaluation, once between two (or, on a slow day, in the next)."""
    small = make_run()
    for step in (2, 3):
        small.start()
        small.wait_for(lambda event, step=step: _step(step, event))  # type: ignore[misc]
        assert small.stop().status is Status.STOPPED, small.log()
        stopped = small.of_kind(Stopped)[-1]
        assert stopped.step == max(small.losses())
        assert stopped.checkpoint == small.run.checkpoints()[-1] == f"step-{stopped.step:06d}"
        assert (small.run.checkpoints_path / stopped.checkpoint / "trainer.safetensors").is_file()
        assert not small.run.adapter_path.exists()
        if step == 2:  # cut short, so that it has to be done again
            assert not any(event.step == 2 for event in small.of_kind(Sample))
    small.start()
    small.wait()
    return small


def _kill(make_run: RunMaker) -> SmallRun:
    small = make_run()
    small.start()
    small.wait_for(lambda event: _step(3, event))
    summary = small.stop(force=True)
    assert summary.status is Status.INTERRUPTED
    assert not summary.ended
    with small.run.events_path.open("ab") as file:
        file.write(b'{"kind":"step","step":')  # what a write cut in two leaves
    small.start()
    small.wait()
    return small


def _damage(make_run: RunMaker) -> SmallRun:
    """Kill it, and turn one bit of its newest checkpoint."""
    small = make_run()
    small.start()
    small.wait_for(lambda event: _step(5, event))
    assert small.stop(force=True).status is Status.INTERRUPTED
    weights = small.run.checkpoints_path / "step-000004" / "adapter_model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    small.start()
    small.wait()
    return small


def _stop_before_the_first_step(make_run: RunMaker) -> SmallRun:
    """And go on, and when it is finished start it once more."""
    small = make_run(training__max_steps=1, evaluation__choose_by="last", evaluation__samples=0)
    small.start()
    small.wait_for(_scores_the_test_file)
    assert small.stop().status is Status.STOPPED, small.log()
    assert small.run.checkpoints() == []
    for _ in range(2):
        small.start()
        assert small.wait().status is Status.FINISHED, small.log()
    return small


def _stop_scoring(make_run: RunMaker) -> SmallRun:
    small = make_run(strategy="zero-shot", evaluation__tokens_per_pass=1, evaluation__outputs=True)
    small.start()
    small.wait_for(_scores_the_test_file)
    assert small.stop().status is Status.STOPPED, small.log()
    assert small.of_kind(Finished) == []
    small.start()
    small.wait()
    return small


def _scores_the_test_file(event: Event) -> bool:
    return isinstance(event, Phase) and event.name == "scoring test file"


Disturbed = dict[str, Future[SmallRun]]


@pytest.fixture(scope="module")
def disturbed(make_run: RunMaker) -> Iterator[Disturbed]:
    """Runs to which something happens, two at a time, for most of a worker's life is imports."""
    scenarios: list[Callable[[RunMaker], SmallRun]]
    scenarios = [_stop_twice, _kill, _damage, _stop_before_the_first_step, _stop_scoring]
    with ThreadPoolExecutor(2) as pool:
        yield {scenario.__name__: pool.submit(scenario, make_run) for scenario in scenarios}


def test_a_stopped_run_goes_on(disturbed: Disturbed, finished_run: SmallRun) -> None:
    small = disturbed["_stop_twice"].result()
    assert small.run.summary().status is Status.FINISHED, small.log()
    stops = [event.step for event in small.of_kind(Stopped)]
    assert stops[0] == 2
    assert stops[1] in (3, 4)
    assert [event.resumed_from for event in small.of_kind(Started)] == [0, *stops]
    assert len(small.of_kind(Step)) == 6  # none done twice
    counted, whole = _worked(small)
    assert 0 < counted < whole  # a model that is loaded again is no work on the run
    _assert_as_if_nothing_had_been(small, finished_run)


def test_a_killed_run_goes_on_from_its_last_checkpoint(
    disturbed: Disturbed, finished_run: SmallRun
) -> None:
    small = disturbed["_kill"].result()
    assert small.run.summary().status is Status.FINISHED, small.log()
    resumed = small.of_kind(Started)[-1].resumed_from
    assert resumed in (2, 4)
    steps = [event.step for event in small.of_kind(Step)]
    assert steps[resumed - 6 :] == list(range(resumed + 1, 7))
    _assert_as_if_nothing_had_been(small, finished_run)


def test_a_damaged_checkpoint_is_said_and_the_one_before_is_taken(
    disturbed: Disturbed, finished_run: SmallRun
) -> None:
    small = disturbed["_damage"].result()
    assert small.run.summary().status is Status.FINISHED, small.log()
    assert [event.resumed_from for event in small.of_kind(Started)] == [0, 2]
    _assert_as_if_nothing_had_been(small, finished_run)
    (warned,) = small.of_kind(Warned)
    assert "checkpoint step-000004 is damaged: adapter_model.safetensors" in warned.message
    assert warned.hint == "training goes on from step-000002"
    assert warned.said
    assert warned.message in small.log()
    assert warned.message in describe_run(small.run, small.run.summary())
    manifest.check(small.run.checkpoints_path / "step-000004")  # written anew


def test_a_run_stopped_before_its_first_step_begins_anew(disturbed: Disturbed) -> None:
    small = disturbed["_stop_before_the_first_step"].result()
    (stopped,) = small.of_kind(Stopped)
    assert (stopped.step, stopped.checkpoint) == (0, "")
    assert [event.resumed_from for event in small.of_kind(Started)] == [0, 0, 1]
    assert small.run.checkpoints() == ["step-000001"]


def test_a_finished_run_started_again_only_repeats_its_end(disturbed: Disturbed) -> None:
    small = disturbed["_stop_before_the_first_step"].result()
    assert len(small.of_kind(Step)) == 1
    first, second = small.of_kind(Finished)
    assert first.score is not None
    assert second.score is not None
    assert second.score.perplexity == pytest.approx(first.score.perplexity, rel=1e-6)


def test_a_scoring_run_stops_and_starts_over(disturbed: Disturbed) -> None:
    small = disturbed["_stop_scoring"].result()
    summary = small.run.summary()
    assert summary.status is Status.FINISHED, small.log()
    assert summary.score is not None
    assert summary.score.samples == PARTS["test"]
