"""Alarms from events: bad numbers, nothing to learn, divergence, silence, a full disk."""

from __future__ import annotations

import math
import random
import time
from pathlib import Path

import pytest
from samples import held_by_a_process, make_run, score, step

from engine.machine import hardware
from engine.run import alarms, disk_alarms
from engine.run.alarms import Alarms, Watch
from engine.run.events import Evaluated, Event, Failed, Finished, Phase, Started, Unknown


def _of(*losses: float, planned: int = 1000, first: int = 1) -> Alarms:
    found = Alarms()
    found.extend([Started(steps=planned, at=1000.0)])
    found.extend(step(n, planned, loss=loss) for n, loss in enumerate(losses, first))
    return found


def _kinds(found: Alarms, **known: float | int) -> list[str]:
    return [alarm.kind for alarm in found.find(**known)]  # type: ignore[arg-type]


def test_a_run_that_goes_well_raises_nothing() -> None:
    falling = [1 + 2 * math.exp(-n / 100) + n % 5 / 10 for n in range(1000)]
    assert _kinds(_of(*falling), now=1000.0 + 1001, free=10**12) == []
    assert Alarms().find() == []


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_is_told_until_it_is_long_past(loss: float) -> None:
    found = _of(*[2.0] * 30, loss)
    (alarm,) = found.find()
    assert alarm.kind == "nan"
    assert "at step 31" in str(alarm)
    assert "learning_rate" in alarm.remedy
    found.extend([step(n, 1000, loss=2.0) for n in range(32, 52)])
    assert _kinds(found) == ["nan"]
    found.extend([step(52, 1000, loss=2.0)])
    assert _kinds(found) == []


def test_a_gradient_that_is_no_number_counts_as_much() -> None:
    found = _of(2.0)
    found.extend([step(n, 1000, loss=2.0, grad_norm=math.nan) for n in range(2, 40)])
    (alarm,) = found.find()
    assert "again and again since step 2" in alarm.message


def test_a_run_that_failed_says_itself_what_was_no_number() -> None:
    found = _of(2.0, math.nan)
    assert _kinds(found) == ["nan"]
    found.extend([Failed(type="NonfiniteError", message="step 2: the loss is nan", at=1003.0)])
    assert _kinds(found) == []


def test_a_loss_of_zero() -> None:
    assert _kinds(_of(2.0, 0.0, 0.0)) == []
    (alarm,) = _of(2.0, 0.0, 0.0, 0.0).find()
    assert (alarm.kind, alarm.message) == ("zero", "Loss is 0 since step 2")
    assert _kinds(_of(2.0, 0.0, 0.0, 0.0, 0.1)) == []


def test_divergence_is_a_loss_that_stays_up() -> None:
    low = [2.0] * 100
    found = _of(*low, *[6.0] * 60)
    (alarm,) = found.find()
    assert alarm.kind == "diverged"
    assert "was 2.0" in alarm.message
    assert _kinds(_of(*low, *[6.0] * 10)) == []
    assert _kinds(_of(*low, *[2.6] * 200)) == []


UNTUNED = Evaluated(part="test", score=score(39.3, 20.4), at=1000.5)
"""ln 20.4 = 3.0 nats."""


def _tuned(*losses: float, planned: int = 1000) -> Alarms:
    found = Alarms()
    found.extend([Started(steps=planned, at=1000.0), UNTUNED])
    found.extend(step(n, planned, loss=loss) for n, loss in enumerate(losses, 1))
    return found


def test_a_loss_far_above_the_untuned_model_is_divergence_at_once() -> None:
    spoilt = 3.4, 2.7, 17.7, 21.2, 21.0
    assert _kinds(_tuned(*spoilt[:4], planned=12)) == []
    (alarm,) = _tuned(*spoilt, planned=12).find()
    assert alarm.kind == "diverged"
    assert alarm.message == "Loss is near 21.0 since step 3 and was 3.4"
    assert _tuned(*spoilt, *[19.0] * 7, planned=12).find() == [alarm]
    assert _kinds(_tuned(*spoilt, 3.0)) == []


def test_a_loss_that_is_up_from_the_first_steps_on_is_divergence() -> None:
    assert _kinds(_tuned(3.1, 3.0, *[5.5] * 60)) == ["diverged"]


def test_a_resumed_run_is_judged_by_the_untuned_model_too() -> None:
    found = _tuned(3.1, 3.0, 21.0)
    found.extend([Started(steps=1000, resumed_from=3, at=2000.0)])
    assert _kinds(found) == []
    found.extend(step(n, loss=21.0) for n in range(4, 7))
    assert _kinds(found) == ["diverged"]


@pytest.mark.parametrize("seed", range(20))
def test_steps_on_single_pairs_raise_no_alarm(seed: int) -> None:
    """The pairs of a test file lie about 1.0 nats around their mean, before and after training."""
    draw = random.Random(seed)
    found = Alarms()
    found.extend([Started(steps=3000, at=1000.0), UNTUNED])
    for n in range(1, 3000):
        mean = 1.9 + 1.25 * math.exp(-n / 300)
        found.extend([step(n, 3000, loss=max(0.3, draw.gauss(mean, mean / 3)))])
        assert _kinds(found) == []


def test_training_pairs_may_be_harder_than_the_test_file() -> None:
    assert _kinds(_tuned(*[6.5 - n / 100 for n in range(100)])) == []


def test_one_spike_is_no_divergence() -> None:
    assert _kinds(_of(*[2.0] * 100, 900.0, *[2.0] * 25)) == []


def test_coming_down_again_ends_the_alarm() -> None:
    assert _kinds(_of(*[2.0] * 100, *[6.0] * 60, *[2.0] * 200)) == []


def test_silence_is_measured_by_the_pace_so_far() -> None:
    found = _of(*[2.0] * 50)  # a step a second, the last at 1050
    assert _kinds(found, now=1050 + 119) == []
    (alarm,) = found.find(now=1050 + 181)
    assert alarm.kind == "silent"
    assert "for 3 minutes" in alarm.message
    slow = Alarms()
    slow.extend(step(n, 1000, at=1000.0 + 100 * n) for n in range(20))
    assert _kinds(slow, now=2900 + 900) == []
    assert _kinds(slow, now=2900 + 1100) == ["silent"]


def test_a_long_evaluation_teaches_patience() -> None:
    found = _of(*[2.0] * 50)
    found.extend([Evaluated(part="test", score=score(), at=1450.0), step(51, at=1451.0)])
    assert _kinds(found, now=1451 + 1100) == []
    assert _kinds(found, now=1451 + 1300) == ["silent"]


def test_loading_may_take_its_time() -> None:
    found = Alarms()
    found.extend([Phase(name="loading the model", at=1000.0)])
    assert _kinds(found, now=1000 + 800) == []
    assert _kinds(found, now=1000 + 1000) == ["silent"]


def test_an_ended_run_is_not_silent() -> None:
    found = _of(2.0)
    found.extend([Finished(at=1002.0)])
    assert _kinds(found, now=99999.0, free=1) == []


def test_a_disk_that_is_nearly_full() -> None:
    found = _of(2.0)
    assert _kinds(found, now=1001.0, free=600_000_000) == []
    (alarm,) = found.find(now=1001.0, free=600_000_000, need=400_000_000)
    assert alarm.kind == "disk"
    assert "600.0 MB" in alarm.message


def test_a_resumed_run_begins_anew() -> None:
    found = _of(*[2.0] * 30, math.nan)
    found.extend([Started(steps=1000, resumed_from=20, at=2000.0)])
    assert _kinds(found) == []


def test_events_of_other_versions_are_passed_over() -> None:
    found = _of(*[2.0] * 30)
    strange: list[Event] = [Unknown(at=0.0, line="?")]
    found.extend(strange)
    assert _kinds(found, now=1030 + 100) == []


def test_a_followed_run_is_asked_for_its_disk_and_checkpoints(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(root, Started(steps=9))
    for name, size in (("step-000001", 9), ("step-000002", 400)):
        folder = run.checkpoints_path / name
        folder.mkdir(parents=True)
        (folder / "adapter_model.safetensors").write_bytes(b"x" * size)
    asked: list[Path] = []
    monkeypatch.setattr(hardware, "free_disk", lambda path: asked.append(path) or 700)
    monkeypatch.setattr(disk_alarms, "_LEAST", 1)
    with held_by_a_process(run):
        watch = Watch(run.folder)
        watch.extend([Started(steps=9)])
        kinds = {alarm.kind for _ in range(3) for alarm in watch.find(alive=True)}
    assert kinds == {"disk"}
    assert asked == [run.folder]


def test_a_worker_that_is_gone_may_have_found_the_disk_full(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [3_000_000_000]
    monkeypatch.setattr(hardware, "free_disk", lambda _: free[0])
    watch = Watch(make_run(root, Started(steps=9)).folder)
    watch.extend([Started(steps=9, at=time.time())])
    assert watch.find(alive=True) == []
    free[0] = 4096
    (alarm,) = watch.find(alive=False)
    assert alarm.kind == "disk"
    assert alarm.message == "The disk of the runs is full: 4 kB are free"
    watch.extend([Finished()])
    assert watch.find(alive=False) == []


def test_a_folder_that_is_gone_is_said_and_forgotten_when_it_is_back(root: Path) -> None:
    run = make_run(root, Started(steps=9))
    watch = Watch(run.folder)
    assert watch.find(alive=False) == []
    elsewhere = run.folder.rename(root / "elsewhere")
    (alarm,) = watch.find(alive=False)
    assert alarm.kind == "gone"
    elsewhere.rename(run.folder)
    assert watch.find(alive=False) == []


def test_another_clock_is_no_silence(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [5000.0]  # an hour ahead of the worker's machine
    monkeypatch.setattr(alarms.time, "time", lambda: clock[0])
    watch = Watch(make_run(root).folder)
    watch.extend([Started(steps=90, at=1000.0), *(step(n, 90) for n in range(1, 30))])
    assert [alarm.kind for alarm in watch.find(alive=True)] == ["silent"]
    watch.extend([step(30, 90)])
    assert watch.find(alive=True) == []
    clock[0] += 110
    assert watch.find(alive=True) == []
    clock[0] += 20
    assert [alarm.kind for alarm in watch.find(alive=True)] == ["silent"]


def test_a_model_that_training_made_worse() -> None:
    found = _of(3.0, 2.9)
    found.extend([Evaluated(part="test", score=score(40.0), step=0)])
    found.extend([Evaluated(part="test", score=score(39.0), step=2)])
    assert _kinds(found) == []
    found.extend([Evaluated(part="test", score=score(45.1), step=3), Finished(at=2000.0)])
    (alarm,) = found.find()
    assert alarm.kind == "worse"
    assert "45.10 after step 3" in alarm.message
    assert "untuned, 40.00" in alarm.message
