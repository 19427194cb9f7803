"""Words for keys: whatever the workers and their results can name has some."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.language import texts
from engine.run import words
from engine.run.device import Device
from engine.run.judgement import FAULTS
from engine.run.summary import Status

WORKER = Path(__file__).resolve().parents[3] / "engine" / "worker"
REPORTED = re.compile(r'(?:\.phase\(|Phase\(name=)"([^"{]+)"')


@pytest.fixture
def shouting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A language in which every known text is in capitals."""
    monkeypatch.setattr(words, "_", str.upper)
    monkeypatch.setattr(texts, "_", str.upper)


def reported_phases() -> set[str]:
    return {
        name
        for path in WORKER.rglob("*.py")
        for name in REPORTED.findall(path.read_text(encoding="utf-8"))
    }


def test_every_phase_that_a_worker_reports_has_a_word(shouting: None) -> None:
    assert {"loading the model", "reading data", "merging"} <= reported_phases()
    scored = {f"scoring {part} file" for part in ("validation", "test", "repaired")}
    for name in reported_phases() | scored | {"training", "translating", "translating samples"}:
        assert words.phase_name(name) == name.upper()


def test_states_and_faults_have_words(shouting: None) -> None:
    assert [words.status_word(status) for status in Status] == [
        status.value.upper() for status in Status
    ]
    assert [words.fault_name(kind) for kind in FAULTS] == [
        name.text.upper() for name in FAULTS.values()
    ]


def test_what_is_not_known_is_shown_as_it_stands(shouting: None) -> None:
    assert words.phase_name("thinking\x1b[31m") == "thinking"
    assert words.fault_name("rude") == "rude"
    assert words.measure_name("comet") == "comet"


def test_without_a_catalogue_words_are_english() -> None:
    assert texts.marked("finished") == str(words.status_word(Status.FINISHED)) == "finished"


def test_a_processor_is_named_in_the_language_of_the_interface(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert words.device_name(Device("gpu", "NVIDIA H100\x1b[31m 80GB")) == "NVIDIA H100 80GB"
    monkeypatch.setattr(texts, "plural", lambda one, many, count: "{count} ×")
    assert words.device_name(Device("cpu", threads=2)) == "2 ×"
