"""Run folders of earlier versions open as they did, in the language of whoever reads them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import frozen_runs
import pytest
from commands import as_json, run_command
from frozen_runs import FAILED, FINISHED, INTERRUPTED, STOPPED, TRANSLATED, WARNED

from engine.language import texts
from engine.run.alarms import Watch
from engine.run.events import Unknown
from engine.run.folder import Run
from engine.run.summary import Status
from engine.run.tail import Tail

WORDS = {
    "en": {
        Status.FINISHED: "finished",
        Status.FAILED: "failed",
        Status.STOPPED: "stopped",
        Status.INTERRUPTED: "interrupted",
        "definition": [
            "macro, the mean over samples of exp(mean nats of output tokens and <eos>)",
            "exp(mean nats over all 125 such tokens)",
            "float32 before log-softmax",
            "1024 tokens",
            "95 %, percentiles of 1,000 bootstrap resamples of the items, seed 0",
        ],
    },
    "zh-TW": {
        Status.FINISHED: "完成",
        Status.FAILED: "失敗",
        Status.STOPPED: "已停止",
        Status.INTERRUPTED: "中斷",
        "definition": [
            "macro，即各題 exp(譯文 token 與 <eos> 的平均 nats) 的平均",
            "exp(全部 125 個此類 token 的平均 nats)",
            "log-softmax 之前為 float32",
            "1024 個 token",
            "95 %，題目 1,000 次 bootstrap 重抽樣的百分位數，種子 0",
        ],
    },
}
STATUSES = {
    FINISHED: Status.FINISHED,
    FAILED: Status.FAILED,
    TRANSLATED: Status.FINISHED,
    STOPPED: Status.STOPPED,
    INTERRUPTED: Status.INTERRUPTED,
    WARNED: Status.FINISHED,
}
SCORES = {
    FINISHED: 8.798703811711457,
    TRANSLATED: 12.783485697666519,
    STOPPED: 8.972100895274878,
    INTERRUPTED: 10.308875778625618,
    WARNED: 9.339486850390763,
}


@pytest.fixture(params=list(WORDS))
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("YIWEN_LANGUAGE", request.param)
    texts.speak(request.param)
    yield request.param
    texts.speak("en")


@pytest.fixture
def thawed(root: Path) -> Path:
    frozen_runs.thaw(root)
    return root


@pytest.mark.parametrize("name", frozen_runs.ALL)
def test_every_line_is_understood(thawed: Path, name: str) -> None:
    events = Tail(Run(thawed / name).events_path).read()
    assert events
    assert not [event for event in events if isinstance(event, Unknown)]


@pytest.mark.parametrize("name", frozen_runs.ALL)
def test_status_and_result(thawed: Path, name: str) -> None:
    run = Run(thawed / name)
    summary = run.summary()
    assert run.settings.id == name
    assert summary.status is STATUSES[name]
    assert (summary.score.perplexity if summary.score else None) == SCORES.get(name)
    assert Watch(run.folder).find(alive=False) == []


def test_what_was_trained_and_kept(thawed: Path) -> None:
    summary = Run(thawed / FINISHED).summary()
    assert (summary.step, summary.steps, summary.best_checkpoint) == (6, 6, "step-000006")
    for name in (STOPPED, INTERRUPTED):
        summary = Run(thawed / name).summary()
        assert (summary.step, summary.steps) == (18, 120)
        assert summary.best_checkpoint == "step-000015"


def test_what_was_said_in_another_language_stands_as_it_was_said(
    thawed: Path, language: str
) -> None:
    failed, warned = Run(thawed / FAILED).summary(), Run(thawed / WARNED).summary()
    assert str(failed.message).startswith(frozen_runs.FAILURE)
    assert (str(warned.message), str(warned.hint)) == frozen_runs.WARNING


def test_the_command_line_shows_each(
    thawed: Path, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = run_command(capsys, "runs", "--runs", str(thawed))[1]
    for name in frozen_runs.ALL:
        word = WORDS[language][STATUSES[name]]
        status, shown, _ = run_command(capsys, "show", name, "--runs", str(thawed))
        assert status == 0
        assert f" {word}\n" in shown
        assert next(line for line in listed.splitlines() if name in line).count(str(word)) == 1
    warned = run_command(capsys, "show", WARNED, "--runs", str(thawed))[1]
    assert " ".join(frozen_runs.WARNING) in warned
    failed = run_command(capsys, "show", FAILED, "--runs", str(thawed))[1]
    assert frozen_runs.FAILURE in failed


@pytest.mark.parametrize("name", frozen_runs.ALL)
def test_programs_read_each(thawed: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    data = as_json(capsys, "show", name, "--runs", str(thawed))
    assert data["status"] == STATUSES[name].value
    assert data["perplexity"] == SCORES.get(name)


def test_how_a_score_is_defined_is_read_in_either_language(
    thawed: Path, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = run_command(capsys, "show", FINISHED, "--runs", str(thawed))[1]
    for sentence in WORDS[language]["definition"]:
        assert sentence in shown
