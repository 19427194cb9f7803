"""The summary of a run: status and result from its events, and a fast fold like the slow one."""

from __future__ import annotations

import math
import random
import time
from pathlib import Path

import msgspec
import pytest
from samples import judged, score, step

from engine.run import events
from engine.run.events import Event, EventLog
from engine.run.reading_summary import read_summary
from engine.run.summary import Status, Summary

LOG = Path("events.jsonl")
LOADING = events.Phase(name=events.FIRST_PHASE)
"""A worker begins, where there was one before."""


def folded(*given: Event) -> Summary:
    summary = Summary()
    for event in given:
        summary.apply(event)
    return summary


def as_text(summary: Summary) -> str:
    """All fields; as text, for nan is not equal to nan."""
    return repr(summary)


@pytest.mark.parametrize(
    ("given", "alive", "status"),
    [
        ([], True, Status.STARTING),
        ([], False, Status.INTERRUPTED),
        ([events.Phase(name="loading")], True, Status.STARTING),
        ([events.Started()], True, Status.RUNNING),
        ([events.Started(), step(1)], True, Status.RUNNING),
        ([events.Started(), step(1)], False, Status.INTERRUPTED),
        ([events.Started(), events.Finished()], False, Status.FINISHED),
        ([events.Started(), events.Finished()], True, Status.FINISHED),
        ([events.Started(), events.Stopped()], False, Status.STOPPED),
        ([events.Failed(type="E", message="m")], False, Status.FAILED),
        ([events.Stopped(), events.Phase(name="loading")], True, Status.STARTING),
        ([events.Stopped(), events.Phase(name="loading")], False, Status.INTERRUPTED),
        ([events.Stopped(), events.Started()], True, Status.RUNNING),
        ([events.Failed(type="E", message="m"), events.Started()], False, Status.INTERRUPTED),
        ([events.Finished(), events.Unknown(line="?")], False, Status.FINISHED),
        ([events.Started(), step(1), LOADING], True, Status.STARTING),
        ([events.Started(), step(1), LOADING, events.Started()], True, Status.RUNNING),
    ],
)
def test_the_status_is_the_last_end_or_else_whether_a_worker_lives(
    given: list[Event], alive: bool, status: Status
) -> None:
    summary = folded(*given)
    summary.settle(alive)
    assert summary.status is status


def test_a_run_that_was_resumed_elsewhere_is_no_longer_interrupted() -> None:
    summary = folded(events.Started(), step(1))
    summary.settle(False)
    assert summary.status is Status.INTERRUPTED
    summary.settle(True)
    assert summary.status is Status.STARTING


def test_every_status_has_a_symbol_of_its_own_and_two_are_active() -> None:
    assert len({status.symbol for status in Status}) == len(Status)
    assert {status for status in Status if status.active} == {Status.STARTING, Status.RUNNING}


def test_a_resumed_run_forgets_why_it_failed_and_keeps_when_it_began() -> None:
    summary = folded(
        events.Started(at=10.0, steps=9),
        events.Failed(at=20.0, type="E", message="out of memory", hint="smaller"),
        events.Started(at=30.0, steps=9, resumed_from=4),
    )
    assert (summary.message, summary.hint) == ("", "")
    assert (summary.time.began, summary.step, summary.ended) == (10.0, 4, False)


def test_a_phase_never_began_before_what_was_told_before_it() -> None:
    summary = folded(
        events.Started(at=1.8e9),
        events.Phase(at=1000.0, name="scoring test file", of=80),  # the clock was set back
    )
    assert summary.phase_began == 1.8e9


def test_only_the_test_file_gives_the_score() -> None:
    summary = folded(
        events.Evaluated(part="test", score=score(5.0), file="a.jsonl"),
        events.Evaluated(part="validation", score=score(1.0), file="b.jsonl"),
    )
    assert summary.score == score(5.0)
    assert summary.results_file == "a.jsonl"


def test_a_judgement_stands_until_the_test_file_is_scored_again() -> None:
    scored = events.Evaluated(part="test", score=score(5.0))
    given = scored, judged(), judged(bleu=1.0, part="validation"), events.Finished()
    summary = folded(*given)
    assert summary.judgement == judged().judgement
    assert folded(*given, events.Evaluated(part="validation", score=score())).judgement
    assert folded(*given, scored).judgement is None


def test_a_run_from_before_there_were_judgements_has_none() -> None:
    summary = folded(events.Evaluated(part="test", score=score(5.0)), events.Finished())
    assert (summary.judged, summary.judgement) == (None, None)


def test_the_score_of_the_end_outweighs_the_latest() -> None:
    given = events.Evaluated(part="test", score=score(5.0)), events.Finished(score=score(4.0))
    assert folded(*given).score == score(4.0)


def test_the_best_checkpoint_is_the_last_that_was_called_best() -> None:
    saved = [("step-1", True), ("step-2", True), ("step-3", False)]
    given = [events.Saved(step=1, checkpoint=name, best=best) for name, best in saved]
    assert folded(*given).best_checkpoint == "step-2"


def test_the_time_of_a_run_that_ended_does_not_go_on() -> None:
    assert folded(events.Started(at=10.0), events.Finished(at=70.0)).seconds == 60.0


def _worked(*parts: list[Event]) -> list[Event]:
    """Workers one after another, each a second an event; hours between them."""
    given = []
    for number, part in enumerate(parts):
        for second, event in enumerate(part):
            event.at = 10_000.0 * (number + 1) + second
            given.append(event)
    return given


def _loads() -> list[Event]:
    return [events.Phase(name=events.FIRST_PHASE), events.Phase(name="loading the model")]


def _saves(number: int) -> Event:
    return events.Saved(step=number, checkpoint=f"step-{number:06d}")


def test_the_time_of_a_resumed_run_is_that_of_one_in_one_go() -> None:
    """Neither the pause counts, nor loading again, nor what was lost and is done again."""
    rest = [step(3), _saves(3), events.Finished()]
    start = [*_loads(), events.Started(steps=3), step(1), _saves(1), step(2)]
    resumed = [*_loads(), events.Started(steps=3, resumed_from=1), step(2)]
    at_once = folded(*_worked([*start, *rest]))
    assert at_once.seconds == 8.0  # loading included
    assert folded(*_worked(start, [*resumed, *rest])).seconds == at_once.seconds
    killed = [*start, step(3)]  # and a step further than what was saved
    assert folded(*_worked(killed, [*resumed, *rest])).seconds == at_once.seconds
    nothing_kept = [*_loads(), events.Started(steps=3), step(1)]
    assert folded(*_worked(nothing_kept, [*start, *rest])).seconds == at_once.seconds


def test_time_does_not_jump_over_a_pause_while_a_run_loads_again() -> None:
    start = [*_loads(), events.Started(steps=3), step(1), _saves(1)]
    stopped = folded(*_worked([*start, events.Stopped(step=1)])).seconds
    summary = folded(*_worked([*start, events.Stopped(step=1)], _loads()))
    summary.settle(False)
    assert summary.seconds == stopped + 1  # the second it has been loading


def test_the_time_of_a_running_run_goes_on() -> None:
    assert folded(events.Started(at=time.time() - 60)).seconds == pytest.approx(60, abs=2)


def test_the_time_of_a_run_that_never_started_is_unknown() -> None:
    assert math.isnan(folded(events.Failed(type="E", message="m")).seconds)


def test_a_file_that_is_not_there_sums_up_to_nothing() -> None:
    assert as_text(read_summary(LOG)) == as_text(Summary())


def made_up(seed: int) -> list[Event]:
    """A history as workers write them: steps mostly, now and then something else, all in order."""
    draw = random.Random(seed)
    others: list[Event] = [
        events.Started(steps=100, resumed_from=seed, device="cpu"),
        events.Phase(name="scoring", done=3, of=9),
        events.Phase(name=events.FIRST_PHASE),
        events.Evaluated(part="test", score=score(seed + 1.0), directions={"to_modern": score()}),
        judged(bleu=float(seed)),
        events.Saved(step=1, checkpoint=f"step-{seed}", best=True),
        events.Warned(message="hm", hint="so"),
        events.Stopped(step=2),
        events.Failed(type="E", message="m", hint="h"),
        events.Finished(steps=3, loss=draw.random(), score=score()),
    ]
    found: list[Event] = []
    for number in range(60):
        event = step(number) if draw.random() < 0.8 else draw.choice(others)
        found.append(msgspec.structs.replace(event, at=100.0 + number))
    return found


@pytest.mark.parametrize("seed", range(20))
def test_the_fast_fold_of_a_file_comes_to_the_same_as_applying_every_event(seed: int) -> None:
    given = made_up(seed)
    log = EventLog(LOG)
    for event in given:
        log.append(event)
    assert as_text(read_summary(LOG)) == as_text(folded(*given))


def test_a_step_that_a_killed_worker_tore_does_not_hide_the_one_before() -> None:
    torn = events.encode(step(3))[:40] + b"\n"
    LOG.write_bytes(events.encode(step(1)) + events.encode(step(2)) + torn)
    found = read_summary(LOG)
    assert found.unread == 1
    found.unread = 0
    assert as_text(found) == as_text(folded(step(1), step(2)))


def test_a_torn_last_line_is_no_event() -> None:
    LOG.write_bytes(events.encode(step(1)) + events.encode(events.Finished())[:-1])
    assert not read_summary(LOG).ended


def test_validation_is_that_of_the_best_checkpoint_and_the_untuned_model_is_kept() -> None:
    def scored(part: str, step: int, perplexity: float) -> Event:
        return events.Evaluated(part=part, score=score(perplexity), step=step)

    given: list[Event] = [
        events.Started(steps=90),
        scored("validation", 0, 50.0),
        scored("test", 0, 40.0),
        scored("validation", 30, 9.0),
        scored("test", 30, 8.0),
        events.Saved(step=30, checkpoint="step-30", best=True),
        scored("validation", 60, 11.0),
        scored("test", 60, 45.0),
    ]
    assert folded(*given[:4]).validation == 9.0
    assert not folded(*given[:5]).is_worse
    summary = folded(*given, events.Stopped(step=60))
    assert (summary.validation, summary.untuned) == (9.0, 40.0)
    assert summary.is_worse
    evaluated = folded(events.Started(), scored("test", 0, 40.0), events.Finished())
    assert math.isnan(evaluated.untuned), "nothing was trained"


def test_of_a_run_of_which_nothing_was_told_nothing_is_known() -> None:
    known = Summary()
    counts = (known.step, known.steps, known.skipped, known.tokens, known.memory)
    assert (*counts, known.phase_done, known.phase_of) == (0,) * 7
    assert (known.was_resumed, known.ended, known.validated[0]) == (False, False, -1)


def test_three_statuses_are_ends_that_a_worker_told() -> None:
    assert {status for status in Status if status.ended} == {
        Status.FINISHED,
        Status.STOPPED,
        Status.FAILED,
    }


def test_a_phase_goes_on_until_another_begins_or_it_begins_anew() -> None:
    def scoring(at: float, done: int) -> Event:
        return events.Phase(at=at, name="scoring", done=done, of=9)

    given = [events.Started(at=1.0), scoring(2.0, 0), scoring(3.0, 4), scoring(4.0, 4)]
    assert folded(*given).phase_began == 2.0
    assert folded(*given, scoring(5.0, 3)).phase_began == 5.0


@pytest.mark.parametrize(("step_number", "resumed"), [(0, False), (1, True), (7, True)])
def test_a_run_was_resumed_once_a_worker_went_on_from_a_step(
    step_number: int, resumed: bool
) -> None:
    started = events.Started(steps=9, resumed_from=step_number)
    assert folded(events.Started(), started).was_resumed is resumed
    assert folded(started, events.Started()).was_resumed is resumed


def test_validation_is_not_taken_from_another_step_than_the_best_checkpoints() -> None:
    def scored(number: int, perplexity: float) -> Event:
        return events.Evaluated(part="validation", score=score(perplexity), step=number)

    def saved(number: int) -> Event:
        return events.Saved(step=number, checkpoint=f"step-{number}", best=True)

    given = [events.Started(steps=90), scored(30, 9.0), saved(30), scored(60, 7.0)]
    assert folded(*given).validation == 9.0
    assert folded(*given, saved(60)).validation == 7.0
    assert folded(*given, saved(50)).validation == 9.0


def test_as_good_as_the_untuned_model_is_not_worse() -> None:
    scored = [events.Evaluated(part="test", score=score(9.0), step=number) for number in (0, 1)]
    assert not folded(events.Started(steps=1), *scored).is_worse


def test_what_the_end_does_not_say_stays_as_it_was() -> None:
    given = (
        events.Started(steps=1),
        events.Evaluated(part="test", score=score(), file="latest.jsonl"),
        step(1, loss=2.0),
        events.Saved(step=1, checkpoint="step-1", best=True),
    )
    silent = folded(*given, events.Finished())
    assert (silent.best_checkpoint, silent.results_file) == ("step-1", "latest.jsonl")
    assert silent.loss == 2.0
    said = folded(*given, events.Finished(checkpoint="step-0", file="end.jsonl", loss=1.5))
    assert (said.best_checkpoint, said.results_file) == ("step-0", "end.jsonl")
    assert said.loss == 1.5


def test_how_long_a_phase_has_taken_is_told_while_a_worker_is_at_it() -> None:
    began = time.time() - 60
    busy = folded(events.Started(at=began), events.Phase(at=began, name="scoring"))
    assert busy.seconds_of_phase == pytest.approx(60, abs=5)
    busy.settle(False)
    assert math.isnan(busy.seconds_of_phase), "nobody is at it"
    assert math.isnan(folded(events.Started(at=began)).seconds_of_phase), "of no phase"


def test_a_run_without_a_last_word_is_told_from_one_that_never_began() -> None:
    never, cut_short = folded(), folded(events.Started(at=1.0))
    for summary in (never, cut_short):
        summary.settle(False)
    assert math.isnan(never.time.latest)
    assert never.message == "no worker has begun it"
    assert "ended without a last word" in cut_short.message
    assert folded(events.Failed(type="E", message="m")).message == "m"


def test_a_worker_waits_for_room_only_while_it_says_so() -> None:
    waiting = folded(events.Started(at=1.0), events.Phase(name=events.WAITING_FOR_ROOM))
    scoring = folded(events.Started(at=1.0), events.Phase(name="scoring"))
    assert (waiting.waits_for_room, scoring.waits_for_room) == (True, False)
    waiting.settle(False)
    assert not waiting.waits_for_room, "its worker is gone"
