"""What a run was: its steps, scores and warnings, and what is forgotten as a worker goes on."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from msgspec.structs import replace
from samples import score, step

from engine.run import events
from engine.run.events import Evaluated, Event, EventLog, Phase, Sample, Saved, Warned
from engine.run.history import History, read_history

LOADING = Phase(name=events.FIRST_PHASE)
"""A worker begins."""


def folded(*blocks: list[Event]) -> History:
    """Of events as they come, a block at a time."""
    history = History()
    for block in blocks:
        history.extend(block)
    return history


def scored(number: int, perplexity: float = 9.0, part: str = "test", file: str = "") -> Evaluated:
    return Evaluated(part=part, step=number, score=score(perplexity), file=file)


def steps(*numbers: int) -> list[Event]:
    return [step(number) for number in numbers]


def test_of_nothing_nothing_is_known() -> None:
    history = History()
    assert (history.planned, history.has_ended, history.best) == (0, False, None)
    assert (list(history.steps.numbers), history.steps.cuts) == ([], 0)
    assert (history.last, history.result, history.items) == (None, None, [])


def test_every_step_is_kept_with_what_it_reports() -> None:
    told = [step(1, loss=0.0, memory=0), step(2, loss=math.inf, memory=7), step(3, loss=1.5)]
    kept = folded(list[Event](told)).steps
    assert list(kept.numbers) == [1, 2, 3]
    assert list(kept.columns["loss"]) == pytest.approx([0.0, math.nan, 1.5], nan_ok=True)
    assert list(kept.columns["memory"])[:2] == pytest.approx([math.nan, 7.0], nan_ok=True)
    assert list(kept.columns["lr"]) == [1e-3] * 3


@pytest.mark.parametrize(
    "blocks",
    [
        [steps(1, 2, 3, 2)],
        [steps(1, 2, 3), steps(2)],
        [steps(1, 2), steps(2)],
        [steps(1, 2, 2)],
        [steps(1, 2, 3, 1, 2)],
        [steps(1), steps(2, 3), steps(1, 2)],
    ],
)
def test_a_step_that_is_done_again_stands_once(blocks: list[list[Event]]) -> None:
    history = folded(*blocks)
    assert list(history.steps.numbers) == [1, 2]
    assert {len(column) for column in history.steps.columns.values()} == {2}
    assert history.steps.cuts == 1


def test_as_long_as_steps_follow_nothing_is_forgotten() -> None:
    history = folded([*steps(1, 2), scored(2), *steps(3)], steps(4))
    assert list(history.steps.numbers) == [1, 2, 3, 4]
    assert history.steps.cuts == 0
    history.steps.forget_after(4)
    assert history.steps.cuts == 0
    assert [one.step for one in history.scores] == [2]


def test_with_a_step_that_is_done_again_goes_all_that_came_from_it_on() -> None:
    def sample(number: int) -> Sample:
        return Sample(step=number, id="a", instruction="b", output="c")

    told: list[Event] = [
        scored(0), *steps(1), scored(1), sample(1), Saved(step=1, checkpoint="x", best=True),
        *steps(2), scored(2), sample(2), Saved(step=2, checkpoint="y", best=True),
    ]  # fmt: skip
    kept = folded(told)
    assert (kept.best, list(kept.samples), list(kept.reached)) == (2, [1, 2], [0, 1, 2])
    kept.extend(steps(2))
    assert [one.step for one in kept.scores] == [0, 1]
    assert (kept.best, list(kept.samples), list(kept.reached)) == (None, [1], [0, 1])


def test_the_kinds_of_events_are_told() -> None:
    history = History()
    assert history.extend(steps(1)) == {events.Step}
    assert history.extend([scored(1)]) == {Evaluated}
    assert history.extend([*steps(2), scored(2)]) == {events.Step, Evaluated}
    assert history.extend([]) == set()


def test_how_many_steps_are_planned_is_what_was_said_last() -> None:
    started = events.Started(steps=9)
    assert folded([started]).planned == 9
    assert folded([started, step(1, 100)]).planned == 100
    assert folded([started, replace(step(1), of=0)]).planned == 9


@pytest.mark.parametrize(
    "end", [events.Finished(), events.Stopped(step=1), events.Failed(type="E", message="m")]
)
def test_a_run_has_ended_until_another_worker_goes_on(end: Event) -> None:
    going: list[Event] = [events.Started(steps=9), *steps(1), scored(1)]
    assert not folded(going).has_ended
    assert folded([*going, end]).has_ended
    assert not folded([*going, end, events.Started(steps=9, resumed_from=1)]).has_ended


def test_a_worker_goes_on_from_its_checkpoint_and_what_came_later_is_forgotten() -> None:
    told: list[Event] = [events.Started(steps=9), *steps(1, 2, 3), scored(3)]
    kept = Saved(step=2, checkpoint="x", best=True)
    history = folded([*told, kept, events.Started(steps=9, resumed_from=2)])
    assert list(history.steps.numbers) == [1, 2]
    assert history.scores == []
    assert history.best == 2, "it is what the worker goes on from"


def warned(*messages: str) -> list[Event]:
    return [Warned(message=message, hint="do so") for message in messages]


def said(history: History) -> list[str]:
    return [str(one.message) for one in history.warnings]


def test_what_an_earlier_worker_warned_of_is_not_said_again() -> None:
    assert said(folded([LOADING, *warned("a", "b"), LOADING, *warned("a", "c")])) == ["a", "b", "c"]
    assert said(folded([LOADING, *warned("a", "a")])) == ["a", "a"]
    reading = Phase(name="reading data")
    assert said(folded([LOADING, *warned("a"), reading, *warned("a")])) == ["a", "a"]
    started = events.Started(steps=1)
    assert said(folded([started, *warned("a"), started, *warned("a")])) == ["a"]
    other_hint = Warned(message="a", hint="or so")
    assert said(folded([LOADING, *warned("a"), LOADING, other_hint])) == ["a", "a"]


def test_the_latest_fifty_warnings_are_kept() -> None:
    names = [str(number) for number in range(60)]
    assert said(folded([LOADING, *warned(*names)])) == names[10:]


@pytest.mark.parametrize(
    ("numbers", "is_second"),
    [([], False), ([5], False), ([0, 5], False), ([0, 5, 10], False), ([5, 5], True),
     ([0, 5, 5], True), ([0, 5, 10, 10], True), ([0, 5, 10, 5], True)],
)  # fmt: skip
def test_the_result_is_a_last_score_of_a_step_that_was_scored_before(
    numbers: list[int], is_second: bool
) -> None:
    given = [scored(number, 20.0 - at) for at, number in enumerate(numbers)]
    history = folded(list[Event](given))
    assert history.result is (given[-1] if is_second else None)
    assert history.last is (given[-1] if given else None)


def test_scores_are_told_by_their_part_and_step() -> None:
    history = folded(
        [scored(0, 30.0), scored(5, 9.0), scored(5, 8.0), scored(5, 7.0, "validation")]
    )
    assert history.perplexities("test") == {0: 30.0, 5: 8.0}
    assert history.perplexities("validation") == {5: 7.0}
    assert [one.score.perplexity for one in history.tests] == [30.0, 9.0, 8.0]
    found = history.test_at(5)
    assert found is not None
    assert found.score.perplexity == 8.0
    assert history.test_at(6) is None


def test_a_file_that_is_scored_again_stands_once() -> None:
    def perplexities(*given: Evaluated) -> list[float]:
        return [one.score.perplexity for one in folded(list[Event](given)).scores]

    assert perplexities(scored(5, 9.0, file="a"), scored(5, 8.0, file="a")) == [8.0]
    assert perplexities(scored(5, 9.0, file="a"), scored(5, 8.0, file="b")) == [9.0, 8.0]
    assert perplexities(scored(5, 9.0, file="a"), scored(6, 8.0, file="a")) == [9.0, 8.0]
    other = scored(5, 8.0, "validation", file="a")
    assert perplexities(scored(5, 9.0, file="a"), other) == [9.0, 8.0]
    assert perplexities(scored(5, 9.0), scored(5, 8.0)) == [9.0, 8.0]


def test_a_file_of_events_is_folded_whole(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.jsonl")
    for event in [events.Started(steps=9), *steps(1, 2), scored(2, 7.0)]:
        log.append(event)
    found = read_history(tmp_path / "events.jsonl")
    assert (list(found.steps.numbers), found.planned) == ([1, 2], 100)
    assert found.perplexities("test") == {2: 7.0}
