"""A run that was cut short and resumed reads, everywhere, like one that went on in one go."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import asdict, replace
from samples import judged, make_run, score, step, tiny

from engine.report import curves
from engine.run import events
from engine.run.alarms import Alarms
from engine.run.events import Event
from engine.run.history import History, read_history
from engine.run.steps import Steps
from engine.run.summary import Summary
from engine.run.time_left import TimeLeft
from engine.start.time_estimate import _Pace
from tui.chart.curve import Curve
from tui.run import results
from tui.run.status import Speed, headline

LOADS: list[Event] = [
    events.Phase(name=events.FIRST_PHASE),
    events.Phase(name="loading the model"),
    events.Warned(message="the tokenizer is slow"),
]


def _point(number: int, perplexity: float) -> list[Event]:
    """A point of the learning curve, and its checkpoint."""
    name = f"step-{number:06d}"
    scored = [
        events.Evaluated(
            part=part,
            step=number,
            score=score(perplexity + more),
            file=f"evaluations/{part}-{name}.jsonl",
            seconds=1.0,
        )
        for part, more in (("validation", 1.0), ("test", 0.0))
    ]
    sample = events.Sample(step=number, id="p1", instruction="問", output=f"答{number}")
    saved = [events.Saved(step=number, checkpoint=name, best=True)] if number else []
    return [*scored, sample, *saved]


def _steps(first: int, last: int) -> list[Event]:
    return [step(number, 10, lr=1e-3 / number) for number in range(first, last + 1)]


def _started(at: int = 0) -> Event:
    return events.Started(steps=10, resumed_from=at, device="cpu")


RESULT: list[Event] = [
    events.Evaluated(part="test", step=10, score=score(7.5), file="evaluations/test.jsonl"),
    judged(file="evaluations/test.jsonl"),
    events.Finished(steps=10, score=score(7.5), file="evaluations/test.jsonl", loss=2.0),
]
BEGINNING = [*LOADS, _started(), *_point(0, 90.0), *_steps(1, 5), *_point(5, 20.0)]
REST = [*_steps(6, 10), *_point(10, 8.0), *RESULT]
AGAIN = [*LOADS, _started(5)]
RESUMED = {
    "killed in its steps": ([*BEGINNING, *_steps(6, 8)], [*AGAIN, *REST]),
    "killed at a point that was not saved": (
        [*BEGINNING, *_steps(6, 10), *_point(10, 8.5)[:-1]],
        [*AGAIN, *REST],
    ),
    "stopped": ([*BEGINNING, events.Stopped(step=5)], [*AGAIN, *REST]),
    "killed before anything was kept": (BEGINNING[:-3], [*BEGINNING, *REST]),
    "killed before its last word": (
        [*BEGINNING, *REST[:-2]],
        [*LOADS, _started(10), *RESULT],
    ),
    "killed twice": ([*BEGINNING, *_steps(6, 7)], [*AGAIN, *_steps(6, 6)], [*AGAIN, *REST]),
}


def _written(*workers: Iterable[Event]) -> list[Event]:
    """What workers write one after another: a second an event, hours between them."""
    return [
        replace(event, at=10_000.0 * (number + 1) + second)
        for number, worker in enumerate(workers)
        for second, event in enumerate(worker)
    ]


def _plain(found: object) -> object:
    """Without the times of events, which are others in a run that was resumed."""
    if isinstance(found, Struct):
        return {name: _plain(value) for name, value in asdict(found).items() if name != "at"}
    if isinstance(found, dict):
        return {name: _plain(value) for name, value in found.items()}
    if isinstance(found, list | tuple):
        return [_plain(one) for one in found]
    if isinstance(found, Steps):
        return found.numbers, found.columns
    return found


def _read(folder: Path, written: list[Event]) -> dict[str, object]:
    """All that is read of a run's events, by who reads it."""
    run = make_run(folder, *written)
    history, summary, curve = History(), Summary(), Curve()
    alarms, speed, left = Alarms(), Speed(), TimeLeft(tiny())
    for event in written:
        summary.apply(event)
        for one in (history, curve, alarms, speed, left):
            one.extend([event])
    result, drawn = results.read(run), curves.read(run)
    assert result is not None
    assert drawn is not None
    known = ("planned", "has_ended", "steps", "scores", "reached", "best", "samples", "warnings")
    kept = read_history(run.events_path)
    apart = {"time", "was_resumed", "phase_began", "phase_done", "phase_of"}
    return {
        "history": {name: _plain(getattr(history, name)) for name in known},
        "whole file": {name: _plain(getattr(kept, name)) for name in known},
        "summary": {key: _plain(one) for key, one in asdict(summary).items() if key not in apart},
        "seconds": summary.seconds,
        "headline": headline(summary).plain,
        "curve": [curve.smoothed("loss").at(place) for place in range(len(curve.steps))],
        "points": [curve.raw_points(80), curve.perplexity, curve.validation, curve.best],
        "story": [_plain(history.result), _plain(history.last), history.items],
        "report": curves.as_csv([drawn]),
        "alarms": alarms.find(),
        "speed": speed.tokens_per_second,
        "time estimate": _Pace.of(history),
        "result": [
            _plain(result.evaluated),
            _plain(result.judged),
            result.file and result.file.name,
            result.warnings,
        ],
    }


@pytest.mark.parametrize("how", RESUMED)
def test_nothing_that_is_done_twice_counts_twice(tmp_path: Path, how: str) -> None:
    at_once = _read(tmp_path / "once", _written([*BEGINNING, *REST]))
    resumed = _read(tmp_path / "again", _written(*RESUMED[how]))
    if how == "killed before its last word":  # who said it took no steps
        assert str(resumed.pop("speed")) == "nan"
    for reader, found in at_once.items():
        assert resumed.get(reader, found) == found, reader


def test_a_worker_that_begins_makes_nothing_of_the_pace_of_another() -> None:
    left, speed = TimeLeft(tiny()), Speed()
    for one in (left, speed):
        one.extend(_written([*BEGINNING, *_steps(6, 8)], LOADS))
    assert str(left.seconds) == "nan"
    assert str(speed.tokens_per_second) == "nan"
