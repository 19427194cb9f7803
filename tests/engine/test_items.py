"""Items of an evaluation: paired with another run's, sorted, found, written."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from commands import as_json, run_command
from samples import make_run, pair, score

from engine import events
from engine.errors import UserError
from engine.scores import items
from engine.scores.items import Sample


def line(number: int, perplexity: float | None, **fields: Any) -> Sample:
    made = pair(number)
    values = {"id": made.id, "perplexity": perplexity, "tokens": 9, "instruction": made.instruction,
              "reference": made.output, "output": f"譯{number}", **fields}  # fmt: skip
    return Sample(**values)


ONE = [line(1, 5.0, chrf=10.0), line(2, None), line(3, 60.0, chrf=30.0), line(4, None, tokens=0)]
OTHER = [line(3, 50.0, id="other-id"), line(1, 9.0)]


def ids(found: list[items.Item]) -> list[str]:
    return [item.sample.id for item in found]


def test_items_are_paired_by_what_is_asked_and_not_by_id() -> None:
    paired = items.pair_up(ONE, OTHER)
    assert [item.other and item.other.id for item in paired] == ["p1", None, "other-id", None]
    assert [item.change for item in paired][::2] == [-4.0, 10.0]


def test_the_same_item_twice_is_paired_once_each() -> None:
    twice = [line(1, 1.0), line(1, 2.0)]
    paired = items.pair_up(twice, [line(1, 10.0)])
    assert [item.other is not None for item in paired] == [True, False]


@pytest.mark.parametrize(
    ("order", "expected"),
    [("ppl", "p2 p3 p1 p4"), ("change", "p3 p1 p2 p4"), ("chrf", "p1 p3 p2 p4"),
     ("file", "p1 p2 p3 p4")],
)  # fmt: skip
def test_the_worst_come_first_and_those_without_a_value_last(order: str, expected: str) -> None:
    paired = items.pair_up(ONE, OTHER)
    assert ids(items.sort(paired, order)) == expected.split()
    unknown = [item for item in paired if math.isnan(items.ORDERS[order][1](item))]
    turned = ids(items.sort(paired, order, worst_first=False))
    assert turned[len(turned) - len(unknown) :] == ids(unknown)


def test_words_are_looked_for_in_both_outputs() -> None:
    paired = items.pair_up(ONE, [line(3, 50.0, output="別譯")])
    assert ids(items.find(paired, "別譯")) == ["p3"]
    assert ids(items.find(paired, "第1句 譯1")) == ["p1"]


def test_markdown_holds_hostile_text_as_text() -> None:
    hostile = [line(1, 5.0, output="# head\n| [x](y) <b>\x1b[31m`", id="*id*")]
    text = items.content(items.pair_up(hostile), "run_a", "", ".md")
    assert "\x1b" not in text
    assert "> # head  \n> \\| \\[x\\](y) \\<b\\>\\`" in text
    assert "## \\*id\\*" in text
    with pytest.raises(UserError, match=r"expected \.json or \.md"):
        items.content([], "a", "", ".doc")


def test_the_command_sets_two_runs_side_by_side(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    for name, samples in (("one", ONE), ("other", OTHER)):
        run = make_run(root, events.Evaluated(part="test", score=score(), file="e.jsonl"),
                       run_id=f"20260101-120000-{name}")  # fmt: skip
        lines = [json.dumps({k: getattr(s, k) for k in s.__struct_fields__}) for s in samples]
        (run.folder / "e.jsonl").write_text("\n".join(lines), "utf-8")
    found = as_json(capsys, "items", "one", "--versus", "other")
    assert [item["id"] for item in found] == ["p3", "p1", "p2", "p4"]
    assert found[0]["runs"]["20260101-120000-other"]["perplexity"] == 50.0
    status, out, _ = run_command(capsys, "items", "one", "--find", "第3句", "--limit", "5")
    assert status == 0
    assert "60.00" in out
    make_run(root, run_id="20260102-120000-empty")
    status, _, err = run_command(capsys, "items", "empty")
    assert (status, "has no results yet" in err) == (2, True)
