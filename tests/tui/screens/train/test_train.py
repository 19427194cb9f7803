"""The Train screen while a run is watched: live, failed, interrupted, stopped, old."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_workers import FakeWorkers
from looking import HOSTILE, seen, wait_for
from other_machines import leave_worker
from samples import held_by_a_process, make_run, score, step

import tui.run.follow
from engine.machine import hardware
from engine.run.events import (
    Evaluated,
    Event,
    EventLog,
    Failed,
    Finished,
    Phase,
    Sample,
    Saved,
    Started,
    Stopped,
    Warned,
)
from tui.app import YiwenApp

SIZE = (80, 24)
LIVE = ("--end", "hang", "--seconds", "0.3", "--steps", "20")


def _tested(at: int, perplexity: float) -> Evaluated:
    directions = {"to_modern": score(perplexity - 1), "to_classical": score(perplexity + 1)}
    return Evaluated(part="test", score=score(perplexity), directions=directions, step=at)


def _trained(*events: Event) -> list[Event]:
    """A run of 10 steps of which 5 were done, and what else happened."""
    return [Started(steps=10), _tested(0, 90.0), *(step(n, 10) for n in range(1, 6)), *events]


async def test_an_active_run_is_followed_from_the_start(
    app: YiwenApp, root: Path, workers: FakeWorkers
) -> None:
    workers.options = LIVE
    workers.start(make_run(root))
    async with app.run_test(size=SIZE) as pilot:
        text = await wait_for(pilot, "step 20/20")
        assert "● running" in text
        assert "o test perplexity" in text
        assert "tok/s" in text
        assert "x Stop" in text
        assert "r Resume" not in text


async def test_numbers_of_the_status_line(app: YiwenApp, root: Path) -> None:
    make_run(root, *_trained(_tested(5, 40.0), Finished(steps=5, loss=2.5, score=score(40.0))))
    async with app.run_test(size=(100, 24)) as pilot:
        await pilot.press("w")
        text = await wait_for(pilot, "✓ finished")
        line = text.splitlines()[-2]
        assert "loss 2.5000" in line
        assert "test ppl 40.00" in line
        assert "lr 1e-3" in line
        assert "100 tok/s" in line


async def test_stop_asks_and_lets_the_worker_save(app: YiwenApp, workers: FakeWorkers) -> None:
    workers.options = ("--seconds", "30", "--steps", "300")
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("s")
        await wait_for(pilot, "● running")
        await pilot.press("x")
        await wait_for(pilot, "can be resumed")
        await pilot.press("enter")
        await pilot.press("x")
        await wait_for(pilot, "can be resumed")
        await pilot.press("y")
        text = await wait_for(pilot, "■ stopped")
        await wait_for(pilot, "r Resume")
        assert "Stop?" not in text


async def test_stopping_again_kills(app: YiwenApp, workers: FakeWorkers) -> None:
    workers.options = LIVE
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("s")
        await wait_for(pilot, "step 20/20")
        await pilot.press("x")
        await wait_for(pilot, "Stop")
        await pilot.press("y")
        await wait_for(pilot, "● stopping")
        await pilot.press("x")
        await wait_for(pilot, "Kill")
        await pilot.press("y")
        text = await wait_for(pilot, "◌ interrupted")
        assert "The worker is gone without a word" in text


async def test_an_interrupted_run_is_resumed(app: YiwenApp, workers: FakeWorkers) -> None:
    workers.options = ("--end", "crash", "--seconds", "0.3", "--steps", "20")
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("s")
        await wait_for(pilot, "r Resume")
        workers.options = ("--seconds", "0.3", "--steps", "20")
        await pilot.press("r")
        await wait_for(pilot, "✓ finished")
    assert workers.started[0] == workers.started[1]


async def test_a_run_of_a_machine_that_cannot_be_seen_is_taken_over_after_a_question(
    app: YiwenApp, root: Path, workers: FakeWorkers
) -> None:
    run = make_run(root, *_trained())
    leave_worker(run, host="old-name")
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "● running")
        await pilot.press("x")
        text = await wait_for(pilot, "gone?")
        assert "It was started on old-name" in text
        await pilot.press("n")
        await wait_for(pilot, lambda: "gone?" not in seen(app))
        assert run.alive()
        await pilot.press("x")
        await wait_for(pilot, "gone?")
        await pilot.press("y")
        await wait_for(pilot, "r Resume")
        workers.options = ("--seconds", "0.3", "--steps", "20")
        await pilot.press("r")
        await wait_for(pilot, "✓ finished")


async def test_a_run_that_is_resumed_elsewhere_is_seen_to_go_on(
    app: YiwenApp, root: Path, workers: FakeWorkers
) -> None:
    run = make_run(root, *_trained())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("w")
        await wait_for(pilot, "r Resume")
        workers.options = LIVE
        workers.start(run)
        text = await wait_for(pilot, "● running   step 20/20")
        assert "x Stop" in text
        assert "The worker is gone" not in text


async def test_a_full_disk_is_named_as_the_reason(
    app: YiwenApp, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "free_disk", lambda _: 0)
    make_run(root, *_trained())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("w")
        text = await wait_for(pilot, "it had no room to write a word")
        assert "The disk of the runs is full" in text
        assert "make room there, then resume" in text.replace("\n", " ")
        assert "r Resume" in text


async def test_a_folder_that_is_gone_is_said_and_cannot_be_resumed(
    app: YiwenApp, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tui.run.follow, "IDLE_SECONDS", 0.1)
    run = make_run(root, *_trained())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("w")
        await wait_for(pilot, "r Resume")
        elsewhere = run.folder.rename(root.parent / "elsewhere")
        text = await wait_for(pilot, "The run's folder is gone")
        await wait_for(pilot, "f4 shows the other runs")
        await wait_for(pilot, lambda: "r Resume" not in seen(app))
        elsewhere.rename(run.folder)
        text = await wait_for(pilot, "r Resume")
        assert "The run's folder is gone" not in text


async def test_a_failure_is_shown_with_its_remedy(app: YiwenApp, root: Path) -> None:
    failed = Failed(type="OutOfMemory", message=HOSTILE, hint=f"lower it {HOSTILE}")
    make_run(root, *_trained(failed))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("w")
        text = await wait_for(pilot, "✗ failed")
        assert "✗ [/nope] [red]x[/] [@click=app.quit]y[/]" in text
        assert "lower it [/nope]" in text
        assert "\x1b" not in text


async def test_hostile_texts_of_a_worker_are_shown_as_they_are(
    app: YiwenApp, root: Path, workers: FakeWorkers
) -> None:
    run = make_run(root, Started(steps=10, device=HOSTILE), Phase(name=HOSTILE, done=1, of=2))
    workers.options = LIVE
    sample = Sample(step=1, id=HOSTILE, instruction=HOSTILE, output=HOSTILE, reference=HOSTILE)
    log = EventLog(run.events_path)
    for event in (step(1, 10), sample, Warned(message=HOSTILE, hint=HOSTILE)):
        log.append(event)
    log.append(Failed(type="x", message=HOSTILE))
    run.log_path.write_text(HOSTILE + "\rprogress\rdone", "utf-8")
    async with app.run_test(size=(130, 40)) as pilot:
        await pilot.press("w")
        text = await wait_for(pilot, "out [/nope] [red]x[/]")
        assert "! [/nope]" in text
        assert "\x1b" not in text
        await pilot.press("l")
        text = await wait_for(pilot, "done")
        assert "\x1b" not in text


async def test_wide_screens_show_samples_beside_the_chart(app: YiwenApp, root: Path) -> None:
    samples = [
        Sample(step=at, id=f"i{at}", instruction="翻譯成文言文：\n現代句", output=f"文言句{at}")
        for at in (2, 4)
    ]
    make_run(root, *_trained(_tested(5, 40.0), *samples, Stopped(step=5)))
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.press("w")
        text = await wait_for(pilot, "Samples after step 4")
        assert "文言句4" in text
        assert "文言句2" not in text
        assert "現代句" in text
        assert "39.00" in text
        await pilot.resize_terminal(80, 24)
        await wait_for(pilot, lambda: "Samples after" not in seen(app))
        await pilot.press("m")
        await wait_for(pilot, "Samples after step 4")
        await pilot.press("m")
        await wait_for(pilot, "o test perplexity")


async def test_an_evaluation_shows_progress_then_the_result(
    app: YiwenApp, root: Path, workers: FakeWorkers
) -> None:
    begun = [Started(device="CPU"), Phase(name="scoring test file", done=21, of=84)]
    run = make_run(root, *begun, job="evaluate", strategy="few-shot")
    workers.options = ("--end", "hang", "--steps", "0")
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("w")
        text = await wait_for(pilot, "◌ interrupted")
        assert "few-shot · evaluate" in text
        assert "r Resume" not in text
        log = EventLog(run.events_path)
        log.append(_tested(0, 16.6))
        log.append(Finished(score=score(16.6)))
        await pilot.press("w")
        text = await wait_for(pilot, "✓ finished")
        for word in ("16.60", "文→白", "15.60", "白→文", "17.60", "84 pairs"):
            assert word in text


async def test_progress_of_a_run_without_steps_yet(
    app: YiwenApp, root: Path, workers: FakeWorkers
) -> None:
    run = make_run(root, Started(steps=10), Phase(name="scoring test file", done=21, of=84))
    with held_by_a_process(run):
        async with app.run_test(size=SIZE) as pilot:
            text = await wait_for(pilot, "21/84  25%")
            assert "scoring test file 21/84" in text.splitlines()[0]


async def test_n_goes_back_to_the_setup_and_w_to_the_run(app: YiwenApp, root: Path) -> None:
    make_run(root, *_trained(Saved(step=5, checkpoint="c", best=True), Stopped(step=5)))
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, "■ stopped  test ppl 90.00")
        await pilot.press("w")
        await wait_for(pilot, "■ stopped   step 5/10")
        await pilot.press("n")
        text = await wait_for(pilot, "What will happen")
        assert "s Start" in text
        assert "x Stop" not in text


async def test_w_without_runs_says_so(app: YiwenApp) -> None:
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await wait_for(pilot, "What will happen")
        await pilot.press("w")
        await wait_for(pilot, "There are no runs yet")


async def test_a_broken_run_folder_is_said(app: YiwenApp, root: Path) -> None:
    run = make_run(root, Started(steps=1))
    (run.folder / "run.toml").write_text("not = [toml", "utf-8")
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await pilot.press("w")
        await wait_for(pilot, "That did not work")
        assert "What will happen" in seen(app)


async def test_the_log_opens_at_its_end(app: YiwenApp, root: Path) -> None:
    run = make_run(root, *_trained(Stopped(step=5)))
    run.log_path.write_text("\n".join(f"line {n}" for n in range(500)), "utf-8")
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("w")
        await wait_for(pilot, "■ stopped")
        await pilot.press("l")
        text = await wait_for(pilot, "line 499")
        assert "line 1\n" not in text
        await pilot.press("escape")
        await wait_for(pilot, "■ stopped")


async def test_another_run_replaces_the_first(app: YiwenApp, root: Path) -> None:
    first = make_run(root, *_trained(Stopped(step=5)))
    second = make_run(root, Started(steps=77), step(1, 77), Stopped(step=1), run_id="20260102-x")
    async with app.run_test(size=SIZE) as pilot:
        app.navigation.watch(first)
        await wait_for(pilot, "step 5/10")
        app.navigation.watch(second)
        text = await wait_for(pilot, "step 1/77")
        assert "o test perplexity" not in text
