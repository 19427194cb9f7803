"""Following a run's file: order, ends, interruptions, and the pace of a long replay."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import fake_worker
import msgspec
import pytest
from looking import wait_for
from samples import held_by_a_process, make_run, score, step

import tui.run.follow
from engine.run.events import EventLog, Finished, Phase, Started, Step, Stopped, encode
from engine.run.folder import Run
from engine.run.summary import Status
from tui.app import YiwenApp
from tui.run.follow import follow
from tui.run.messages import RunEvents


def _followed(run: Run) -> list[RunEvents]:
    messages: list[RunEvents] = []
    follow(run, messages.append, lambda: False)
    return messages


def test_an_ended_run_is_read_in_order_and_left(root: Path) -> None:
    events = [Started(steps=2), step(1, 2), step(2, 2), Finished(steps=2, loss=1.0, score=score())]
    messages = _followed(make_run(root, *events))
    assert [event for message in messages for event in message.events] == events
    assert messages[-1].summary.status is Status.FINISHED
    assert messages[-1].caught_up


def test_a_run_whose_worker_is_gone_is_interrupted(root: Path) -> None:
    messages = _followed(make_run(root, Started(steps=2), step(1, 2)))
    assert messages[-1].summary.status is Status.INTERRUPTED


def test_a_run_that_never_began_is_interrupted(root: Path) -> None:
    (message,) = _followed(make_run(root))
    assert message.events == []
    assert message.summary.status is Status.INTERRUPTED


def test_a_torn_last_line_is_not_waited_for(root: Path) -> None:
    run = make_run(root, Started(steps=2))
    with run.events_path.open("ab") as file:
        file.write(encode(step(1, 2))[:-9])
    messages = _followed(run)
    assert [type(event) for message in messages for event in message.events] == [Started]
    assert messages[-1].summary.status is Status.INTERRUPTED


def test_a_worker_killed_while_it_is_followed_is_noticed(root: Path) -> None:
    run = make_run(root, Started(steps=2))
    messages: list[RunEvents] = []
    with held_by_a_process(run) as process:
        thread = threading.Thread(target=follow, args=(run, messages.append, lambda: False))
        thread.start()
        _wait(lambda: messages)
        assert messages[-1].summary.status is Status.RUNNING
        EventLog(run.events_path).append(step(1, 2))
        process.kill()
        thread.join(10)
    assert not thread.is_alive()
    assert messages[-1].summary.status is Status.INTERRUPTED
    assert messages[-1].summary.step == 1


def test_cancelling_is_heeded_within_a_poll(root: Path) -> None:
    run = make_run(root, Started(steps=2))
    cancelled = threading.Event()
    with held_by_a_process(run):
        thread = threading.Thread(target=follow, args=(run, lambda _: None, cancelled.is_set))
        thread.start()
        time.sleep(0.1)
        cancelled.set()
        thread.join(0.2)
        assert not thread.is_alive()


def test_a_resumed_run_is_running_again(root: Path) -> None:
    run = make_run(root, Started(steps=4), step(1, 4), Stopped(step=1))
    EventLog(run.events_path).append(Started(steps=4, resumed_from=1))
    with held_by_a_process(run):
        messages: list[RunEvents] = []
        stop = threading.Event()
        thread = threading.Thread(target=follow, args=(run, messages.append, stop.is_set))
        thread.start()
        _wait(lambda: messages)
        stop.set()
        thread.join()
    assert messages[-1].summary.status is Status.RUNNING


def test_one_that_stays_sees_somebody_else_resume_the_run(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tui.run.follow, "IDLE_SECONDS", 0.1)
    run = make_run(root, Started(steps=4), step(1, 4))
    messages: list[RunEvents] = []
    stop = threading.Event()
    thread = threading.Thread(
        target=follow, args=(run, messages.append, stop.is_set), kwargs={"stays": True}
    )
    thread.start()
    _wait(lambda: messages and messages[-1].summary.status is Status.INTERRUPTED)
    time.sleep(0.5)
    assert len(messages) == 1, "a run that stands still has nothing to say"
    with held_by_a_process(run):
        _wait(lambda: messages[-1].summary.status is Status.STARTING)
        EventLog(run.events_path).append(Started(steps=4, resumed_from=1))
        _wait(lambda: messages[-1].summary.status is Status.RUNNING)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


async def test_long_replay_is_quick_and_the_screen_stays_awake(app: YiwenApp, root: Path) -> None:
    run = make_run(root, Started(steps=100_000))
    lines = [msgspec.json.encode(fake_worker.step(n, 100_000)) for n in range(1, 100_001)]
    with run.events_path.open("ab") as file:
        file.write(b"\n".join(lines) + b"\n" + encode(Finished(steps=100_000, score=score())))
    stalls: list[float] = []

    async def watch() -> None:
        while True:
            begun = time.monotonic()
            await asyncio.sleep(0.001)
            stalls.append(time.monotonic() - begun)

    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, "tokens an epoch")
        watcher = asyncio.create_task(watch())
        begun = time.monotonic()
        app.navigation.watch(run)
        await wait_for(pilot, "✓ finished")
        seconds = time.monotonic() - begun
        watcher.cancel()
    print(f"replay of 100,000 steps: {seconds:.2f} s, worst stall {max(stalls) * 1000:.0f} ms")
    assert seconds < 5  # the goal, 0.5 s, is for a quiet machine


def test_phases_and_steps_are_folded(root: Path) -> None:
    run = make_run(root, Started(steps=4), Phase(name="loading", done=1, of=2), step(1, 4))
    with held_by_a_process(run):
        messages: list[RunEvents] = []
        done = threading.Event()
        thread = threading.Thread(target=follow, args=(run, messages.append, done.is_set))
        thread.start()
        _wait(lambda: messages and messages[-1].summary.phase == "training")
        done.set()
        thread.join()
    assert isinstance(messages[0].events[-1], Step)


def _wait(condition: object, seconds: float = 30.0) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
