"""A metric is declared once: tables have it, a row keeps it, and a place forgotten is an error."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.run.judgement import METRICS
from engine.scores import translation_quality

ROOT = Path(__file__).resolve().parents[3]
BEFORE = """
from engine.language.said import Said
from engine.run import judgement
from engine.run.judgement import Judgement, Measure, Metric
"""
DECLARED = """
judgement.METRICS["rouge"] = Metric("ROUGE", Said("ROUGE, highest first"))
"""
COUNTED = """
class WithMore(Judgement, frozen=True, kw_only=True, omit_defaults=True):
    rouge: Measure | None = None
    source_rouge: Measure | None = None

judgement.Judgement = WithMore
"""
SHOWN = """
from engine.run.events import Judged
from engine.run.summary import Summary
from engine.table import score_table
from engine.table.catalog import Row
from engine.table.columns import COLUMNS, USUAL
from engine.table.packing import pack, unpack

judged = Judged(part="test", judgement=WithMore(samples=1, rouge=Measure(7.5)))
kept = unpack(pack(Summary(judged=judged)))
row = Row(None, None, kept)
assert COLUMNS["rouge"].text(row) == "7.5", COLUMNS["rouge"].text(row)
assert COLUMNS["rouge"].value(row) == 7.5
assert "rouge" in USUAL
assert score_table.values(row)[-1] == 7.5
"""


def run(*parts: str) -> subprocess.CompletedProcess[str]:
    """A process of its own: tables are built from the list while modules are imported."""
    command = [sys.executable, "-c", "".join(parts)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_a_metric_that_is_declared_stands_in_every_table() -> None:
    done = run(BEFORE, DECLARED, COUNTED, SHOWN)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("half", [DECLARED, COUNTED])
def test_one_that_is_declared_or_counted_alone_is_an_error(half: str) -> None:
    done = run(BEFORE, half, "\nimport engine.table.packing")
    assert ": kept or not? rouge, source_rouge" in done.stderr


def test_every_metric_is_counted() -> None:
    assert list(translation_quality.metrics()) == list(METRICS)
