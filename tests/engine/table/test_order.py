"""The order of the table of runs: by a column, either way round, in groups or not."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from samples import make_run, score, tiny

from engine.run import events
from engine.run.events import Event
from engine.table.catalog import Row
from engine.table.order import Order

KNOWN: dict[str, tuple[str, list[Event]]] = {
    "b": ("zeta", [events.Started(), events.Finished(score=score(9.0))]),
    "C": ("Alpha", [events.Failed(type="X", message="no")]),
    "a": ("alpha", [events.Started(), events.Finished(score=score(7.0))]),
}
"""By name: profile, and what happened."""


@pytest.fixture
def rows(root: Path) -> list[Row]:
    found = []
    for day, (name, (profile, written)) in enumerate(KNOWN.items(), 1):
        run = make_run(
            root,
            *written,
            run_id=name,
            profile=msgspec.structs.replace(tiny(), name=profile),
            created=f"2026-01-0{day}T12:00:00+08:00",
        )
        found.append(Row(run, run.settings, run.summary()))
    return found


def names(rows: list[Row]) -> str:
    return "".join(row.run.id for row in rows)


def test_the_newest_come_first_where_nothing_was_chosen(rows: list[Row]) -> None:
    assert names(Order().sort(rows)) == "aCb"
    assert not Order().grouped


@pytest.mark.parametrize(
    ("key", "reverse", "expected"),
    [
        ("created", False, "bCa"),
        ("perplexity", False, "abC"),
        ("perplexity", True, "baC"),
        ("id", False, "abC"),
        ("id", True, "Cba"),
        ("status", False, "baC"),
        ("status", True, "Cba"),
    ],
)
def test_rows_stand_by_a_column_and_those_without_a_value_last(
    rows: list[Row], key: str, reverse: bool, expected: str
) -> None:
    """Words as a reader orders them, small letters and capitals alike; ties as they were."""
    assert names(Order(key, reverse).sort(rows)) == expected


def test_in_groups_a_profile_stands_together_by_its_name(rows: list[Row]) -> None:
    assert names(Order("created", True, grouped=True).sort(rows)) == "aCb"
    assert names(Order("created", False, grouped=True).sort(rows)) == "Cab"


def test_a_column_begins_with_what_is_of_most_use_and_turns_when_it_is_chosen_again() -> None:
    order = Order().by("perplexity")
    assert order == Order("perplexity", reverse=False)
    assert order.by("perplexity") == Order("perplexity", reverse=True) == order.reversed()
    assert Order("perplexity", grouped=True).by("bleu") == Order("bleu", True, grouped=True)


def test_the_rest_of_an_order_stays_as_it_is_turned_or_grouped() -> None:
    grouped = Order("loss", reverse=False).turned(True)
    assert grouped == Order("loss", reverse=False, grouped=True)
    assert grouped.turned(False) == Order("loss", reverse=False)
    assert grouped.reversed() == Order("loss", reverse=True, grouped=True)


def test_the_arrow_points_down_from_the_greatest() -> None:
    assert (Order("id", reverse=True).arrow, Order("id", reverse=False).arrow) == ("▾", "▴")
