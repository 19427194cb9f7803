"""Dialogs over a live run in a real terminal: what lies under one costs no more than without it."""

from __future__ import annotations

from pathlib import Path

import pytest
from covering import live_bytes
from terminal import LIVE_BYTES_A_SECOND
from textual.geometry import Region

from tui.widgets.covered import without


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (160, 48)])
def test_no_dialog_over_a_live_run_floods_the_line(tmp_path: Path, columns: int, rows: int) -> None:
    found = dict(live_bytes(tmp_path, columns, rows, seconds=2.5))
    print({name: round(sent) for name, sent in found.items()})
    assert found.pop("too small") == 0, "it covers all of the screen"
    assert found["help"] > 0, "the run goes on beside the dialog"
    assert {name: sent for name, sent in found.items() if sent > LIVE_BYTES_A_SECOND} == {}


@pytest.mark.parametrize(
    "cover",
    [(0, 0, 9, 9), (2, 1, 3, 2), (-1, -1, 3, 3), (4, 2, 9, 9), (0, 1, 8, 1), (8, 0, 2, 2)],
)
def test_what_a_dialog_leaves_of_a_region(cover: tuple[int, int, int, int]) -> None:
    region, hidden = Region(0, 0, 8, 4), Region(*cover)
    left = without(region, hidden)
    cells = [cell for part in left for cell in _cells(part)]
    assert len(cells) == len(set(cells)), "no cell is sent twice"
    assert set(cells) == set(_cells(region)) - set(_cells(hidden))


def _cells(region: Region) -> list[tuple[int, int]]:
    return [(x, y) for y in range(region.y, region.bottom) for x in range(region.x, region.right)]
