"""`yiwen translate` against a stand-in for the process: samples, and a reference's perplexity."""

from __future__ import annotations

import math
from pathlib import Path

import fake_translator
import pytest
from commands import run_command
from fake_translator import Fake

CLASSICAL = "學而時習之，不亦說乎？"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Fake:
    return fake_translator.install(monkeypatch, tmp_path)


def test_samples_have_a_temperature_and_seeds_of_their_own(
    capsys: pytest.CaptureFixture[str], fake: Fake
) -> None:
    status, out, _ = run_command(capsys, "translate", "tiny", CLASSICAL, "--samples", "3")
    assert (status, out.splitlines()) == (0, [fake.manners.answer] * 3)
    asked = fake.generates()
    assert [one.generation.temperature for one in asked] == [0.7] * 3
    assert [one.seed for one in asked] == [1, 2, 3]


def test_a_reference_gets_its_perplexity(capsys: pytest.CaptureFixture[str], fake: Fake) -> None:
    reference = "學了又按時溫習"
    status, out, _ = run_command(capsys, "translate", "tiny", CLASSICAL, "--reference", reference)
    (said,) = [line for line in out.splitlines() if line.startswith("reference")]
    tokens = sum(fake.scores()[0].scored)
    assert status == 0
    expected = math.exp(fake.manners.nll / tokens)
    assert float(said.rpartition(" ")[2].replace(",", "")) == pytest.approx(expected, abs=0.01)
