"""How long a training run will take yet: steps, points of the curve, and the result."""

from __future__ import annotations

import math
import time

import msgspec
import pytest
from samples import score, step, tiny

from engine.profile.schema import Profile
from engine.run.events import (
    FIRST_PHASE,
    Evaluated,
    Event,
    Finished,
    Phase,
    Sample,
    Saved,
    Started,
    Unknown,
)
from engine.run.time_left import TimeLeft

LOADING = Phase(name=FIRST_PHASE)
"""A worker begins, where there was one before."""
SAMPLES, TRANSLATING = "translating samples", "translating"
POINT = 6.0
"""Seconds: scoring two files takes 4 of them, two samples the others."""


def profile(*, outputs: bool = False, every: int = 10) -> Profile:
    """Which translates 16 items at once."""
    known = tiny()
    return msgspec.structs.replace(
        known,
        evaluation=msgspec.structs.replace(known.evaluation, outputs=outputs),
        training=msgspec.structs.replace(known.training, evaluate_every=every),
    )


def point(at: float, number: int) -> list[Event]:
    """A point of the curve that begins then."""
    return [
        Evaluated(at=at + 2, part="validation", score=score(), step=number, seconds=2.0),
        Evaluated(at=at + 4, part="test", score=score(), step=number, seconds=2.0),
        Phase(at=at + 4, name=SAMPLES, done=0, of=3),
        Phase(at=at + 5.5, name=SAMPLES, done=3, of=3),
        Sample(at=at + 5.5, step=number, id="a", instruction="b", output="c"),
        Saved(at=at + POINT, step=number, checkpoint="d"),
    ]


def written(last: int, *, of: int = 40, points: tuple[int, ...] = (0, 10)) -> list[Event]:
    """Steps that take a second each, and points between them; the last step was just taken."""
    at = 0.0
    said: list[Event] = [Started(at=at, steps=of)]
    for number in range(last + 1):
        if number:
            at += 1
            said.append(step(number, of, at=at))
        if number in points and number < last:
            said += point(at, number)
            at += POINT
    now = time.time() - at
    return [msgspec.structs.replace(event, at=event.at + now) for event in said]


def left(given: list[Event], known: Profile | None = None) -> float:
    found = TimeLeft(known or profile())
    found.extend(given)
    return found.seconds


def test_without_an_evaluation_it_follows_the_pace_of_the_steps() -> None:
    assert left(written(15, points=())) == pytest.approx(25, abs=0.5)


@pytest.mark.parametrize(
    ("last", "steps", "points"),
    [(9, 40, 4), (10, 40, 4), (11, 40, 3), (31, 40, 1), (31, 45, 2), (40, 40, 1), (45, 45, 1)],
)
def test_the_points_of_the_curve_to_come_count_as_the_latest_did(
    last: int, steps: int, points: int
) -> None:
    given = written(last, of=steps, points=(0, 10, 20, 30, 40))
    result = 2.0
    assert left(given) == pytest.approx(steps - last + points * POINT + result, abs=0.5)


def test_a_point_that_took_long_is_no_slow_training() -> None:
    slow = [msgspec.structs.replace(one, at=one.at - 100) for one in written(4)]
    moved = [
        one if isinstance(one, Started) else msgspec.structs.replace(one, at=one.at + 100)
        for one in slow
    ]
    assert left(moved) == pytest.approx(36 + 4 * (100 + POINT) + 2, abs=0.5)


def test_translating_all_items_at_the_end_counts_as_many_batches_as_the_samples_took() -> None:
    given = written(15)
    whole, without = left(given, profile(outputs=True)), left(given)
    assert whole - without == pytest.approx(1.5 * math.ceil(84 / 16), abs=0.1)


def test_the_translating_itself_tells_best_how_long_it_takes() -> None:
    now = time.time()
    given = [
        *written(15),
        Phase(at=now - 8, name=TRANSLATING, done=0, of=84),
        Phase(at=now, name=TRANSLATING, done=21, of=84),
    ]
    assert left(given, profile(outputs=True)) == pytest.approx(24, abs=0.5)


def test_after_resuming_only_what_the_new_worker_did_is_known() -> None:
    now = time.time()
    old = [msgspec.structs.replace(one, at=one.at - 9000) for one in written(31)]
    began = Started(at=now - 20, steps=40, resumed_from=20)
    resumed = [began, step(21, 40, at=now - 10), step(31, 40, at=now)]
    assert left([*old, *resumed]) == pytest.approx(9, abs=0.5)


@pytest.mark.parametrize(
    "given",
    [
        [],
        [Started(steps=100)],
        written(1),
        [*written(15), Finished()],
        [*written(15), LOADING],
        [*written(15), Phase(name="judging the results")],
        [msgspec.structs.replace(one, at=one.at - 9000) for one in written(15)],  # overdue
    ],
)
def test_it_is_unknown_where_nothing_can_be_said_of_it(given: list[Event]) -> None:
    assert math.isnan(left(given))


def test_an_event_of_another_version_says_nothing_of_the_time() -> None:
    given = written(15)
    strange = [one for event in given for one in (event, Unknown(at=0.0, line="?"))]
    assert left(strange) == pytest.approx(left(given), abs=0.5)
