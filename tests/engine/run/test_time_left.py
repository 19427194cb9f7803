"""How long a training run will take yet: steps, points of the curve, and the result."""

from __future__ import annotations

import math
import time

import msgspec
import pytest
from msgspec.structs import replace
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
from engine.run.time_left import PhasePace, TimeLeft

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


def phase(done: int, of: int = 9, *, at: float = 0.0, name: str = "scoring") -> Phase:
    return Phase(at=at, name=name, done=done, of=of)


def pace(*given: Event) -> PhasePace:
    found = PhasePace()
    found.extend(given)
    return found


def test_a_phase_takes_as_long_as_it_has_taken_so_far() -> None:
    found = pace(phase(1, at=10.0), Saved(at=11.0, step=1, checkpoint="d"), phase(4, at=16.0))
    assert found.seconds == 6.0
    assert found.seconds_left == 10.0  # two seconds each of the five others


def test_a_phase_that_is_told_twice_goes_on_and_one_that_falls_back_begins_anew() -> None:
    told = [phase(2, at=10.0), phase(2, at=12.0)]
    assert pace(*told).seconds == 2.0
    assert pace(*told, phase(4, at=14.0)).seconds_left == 10.0
    assert pace(*told, phase(1, at=15.0)).seconds == 0.0
    assert pace(*told, phase(9, at=15.0, name="merging")).seconds == 0.0


@pytest.mark.parametrize(
    "given",
    [
        [],
        [phase(3)],
        [phase(3), phase(3, at=5.0)],
        [phase(0, 0), phase(0, 0, at=5.0)],
        [phase(0, 0), phase(4, 0, at=5.0)],
    ],
)
def test_a_phase_of_which_nothing_was_done_or_whose_end_is_unknown_tells_no_time(
    given: list[Event],
) -> None:
    assert math.isnan(pace(*given).seconds_left)


def test_one_item_that_was_done_is_enough_to_tell() -> None:
    assert pace(phase(0), phase(1, at=5.0)).seconds_left == 40.0


def test_less_than_a_second_is_still_told() -> None:
    now = time.time()
    given = [Started(at=now - 40, steps=40), step(1, 40, at=now - 39), step(39, 40, at=now - 0.5)]
    assert 0 < left(given, profile(every=40)) < 1


def test_a_second_worker_knows_no_point_of_the_curve_before_it_has_scored_one() -> None:
    now = time.time()
    began = Started(at=now - 100, steps=40, resumed_from=20)
    loading = Phase(at=now - 30, name="reading data")
    given = [*written(15), began, loading, step(21, 40, at=now - 10), step(31, 40, at=now)]
    for known in (profile(), profile(outputs=True)):
        assert left(given, known) == pytest.approx(9, abs=0.5)


def test_translating_other_things_says_nothing_of_the_translations_of_the_end() -> None:
    given = written(15)
    at = given[-1].at
    others = [phase(0, 3, at=at - 0.4), phase(3, 3, at=at - 0.1)]
    unfinished = [phase(0, 3, at=at - 0.4, name=SAMPLES), phase(2, 3, at=at - 0.1, name=SAMPLES)]
    known = profile(outputs=True)
    for more in (others, unfinished):
        assert left([*given[:-1], *more, given[-1]], known) == pytest.approx(
            left(given, known), abs=0.2
        )


def test_only_the_test_file_tells_how_long_the_end_is_scored() -> None:
    given = written(15)
    at = given[-1].at
    validation = Evaluated(at=at - 0.1, part="validation", score=score(), step=14, seconds=500.0)
    found = TimeLeft(profile())
    found.extend([*given, validation])
    assert found.seconds < 100


def test_samples_that_fill_several_batches_tell_how_long_one_takes() -> None:
    """16 at once: 40 samples in three batches took 1.5 seconds, 84 items take six."""
    many = [replace(e, done=min(e.done, 1) * 40, of=40) if isinstance(e, Phase) else e
            for e in written(15)]  # fmt: skip
    whole, without = left(many, profile(outputs=True)), left(many)
    assert whole - without == pytest.approx(1.5 * 6 / 3, abs=0.1)
