"""No call that fails, and no death at one, loses anything: some of the faults of every kind.

`make faults` injects them all.
"""

from __future__ import annotations

from pathlib import Path

import kinds
import pytest
import shim
from campaign import Campaign

pytestmark = pytest.mark.skipif(bool(shim.why_not()), reason=shim.why_not())
MOST = {"worker_calls": 130, "command_calls": 100}
"""Faults of each kind, spread evenly over all."""


@pytest.mark.parametrize("kind", kinds.ALL)
def test_nothing_is_lost(kind: str, tmp_path: Path) -> None:
    outcomes = list(Campaign(kind, tmp_path, most=MOST[kind]).run())
    assert len(outcomes) == MOST[kind]
    assert len({outcome.case.group for outcome in outcomes}) > 10
    assert [f"{one.case}: {one.lost}" for one in outcomes if one.lost] == []
