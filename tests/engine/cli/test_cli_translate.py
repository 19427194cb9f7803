"""`yiwen translate` against a stand-in for the process: samples, and a reference's perplexity."""

from __future__ import annotations

import io
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


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_as_many_lines_come_out_as_went_in(
    capsys: pytest.CaptureFixture[str], fake: Fake, monkeypatch: pytest.MonkeyPatch, end: bytes
) -> None:
    give(monkeypatch, "床前明月光\r\n\r\n天\r寒".encode() + end)
    fake.manners.answer = "一行\n又一行"
    status, out, _ = run_command(capsys, "translate", "tiny")
    assert (status, out.split("\n")) == (0, ["一行 又一行", "", "一行 又一行", ""])


def test_a_line_in_another_encoding_is_named(
    capsys: pytest.CaptureFixture[str], fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, b"\n" + "天氣".encode("big5"))
    status, _, said = run_command(capsys, "translate", "tiny")
    assert status == 2
    assert "standard input, line 2: not UTF-8, perhaps Big5; convert it" in said


def test_a_text_in_another_encoding_is_named(
    capsys: pytest.CaptureFixture[str], fake: Fake
) -> None:
    text = "天氣".encode("big5").decode("utf-8", errors="surrogateescape")
    status, _, said = run_command(capsys, "translate", "tiny", text)
    assert status == 2
    assert "TEXT: not UTF-8, perhaps Big5" in said


def give(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Put bytes on standard input."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))
