"""Items of an evaluation: paired with another run's, sorted, found, written."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from commands import as_json, run_command
from samples import make_run, pair, score

from engine.language.errors import UserError
from engine.language.plain_text import width
from engine.run import events
from engine.scores import items
from engine.scores.result_lines import SampleResult


def line(number: int, perplexity: float | None, **fields: Any) -> SampleResult:
    made = pair(number)
    values = {
        "id": made.id,
        "perplexity": perplexity,
        "tokens": 9,
        "instruction": made.instruction,
        "reference": made.output,
        "output": f"譯{number}",
        **fields,
    }
    return SampleResult(**values)


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
    [
        ("ppl", "p2 p3 p1 p4"),
        ("change", "p3 p1 p2 p4"),
        ("chrf", "p1 p3 p2 p4"),
        ("file", "p1 p2 p3 p4"),
    ],
)
def test_the_worst_come_first_and_those_without_a_value_last(order: str, expected: str) -> None:
    paired = items.pair_up(ONE, OTHER)
    assert ids(items.sort(paired, order)) == expected.split()
    unknown = [item for item in paired if math.isnan(items.ORDERS[order][1](item))]
    turned = ids(items.sort(paired, order, worst_first=False))
    assert turned[len(turned) - len(unknown) :] == ids(unknown)


FAULTY = [
    line(1, 5.0, faults={"copied": "the source"}, direction="to_modern"),
    line(2, 9.0, direction="to_classical"),
    line(3, 7.0, faults={"copied": "the source", "english": "the"}, direction="to_classical"),
    line(4, 8.0, faults={"english": "the"}, direction="to_modern"),
    line(5, 99.0, output=None),
]


def test_faults_are_sorted_by_their_number_and_then_by_perplexity() -> None:
    assert ids(items.sort(items.pair_up(FAULTY), "faults")) == ["p3", "p4", "p1", "p2", "p5"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("!", "p1 p3 p4"),
        ("!copied", "p1 p3"),
        ("!english 文→白", "p4"),
        ("白→文", "p2 p3"),
        ("!copies", "p1 p3"),
        ("! 白→文 譯3", "p3"),
        ("!nonsense", ""),
    ],
)
def test_faults_and_directions_are_found_by_words(words: str, expected: str) -> None:
    assert ids(items.find(items.pair_up(FAULTY), words)) == expected.split()


UUIDS = ["2fb7d211-978f-41c8-a3ab-e51d9df06280", "2fb7d219-41c8-41c8-a3ab-e51d9df06280"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["a", "sample-12345"], ["a", "sample-12345"]),
        (UUIDS[:1], ["2fb7d211"]),
        (UUIDS, ["2fb7d211", "2fb7d219"]),
        ([UUIDS[0], UUIDS[0][:10] + "x" * 20], ["2fb7d211-97", "2fb7d211-9x"]),
        (["sample/train/0001", "sample/train/0002"], ["…ain/0001", "…ain/0002"]),
        ([UUIDS[0], UUIDS[0]], ["2fb7d211"]),
    ],
)
def test_long_ids_are_shortened_to_what_tells_them_apart(
    given: list[str], expected: list[str]
) -> None:
    assert list(items.short_ids(given).values()) == expected


def test_ids_that_only_their_middle_tells_apart_stay_as_they_are() -> None:
    given = ["x" * 40 + middle + "x" * 40 for middle in "ab"]
    assert list(items.short_ids(given).values()) == given


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
        run = make_run(
            root,
            events.Evaluated(part="test", score=score(), file="e.jsonl"),
            run_id=f"20260101-120000-{name}",
        )
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


def _written(root: Path, samples: list[SampleResult]) -> None:
    run = make_run(root, events.Evaluated(part="test", score=score(), file="e.jsonl"))
    lines = [json.dumps({k: getattr(s, k) for k in s.__struct_fields__}) for s in samples]
    (run.folder / "e.jsonl").write_text("\n".join(lines), "utf-8")


def test_the_command_finds_faults_and_directions(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    _written(root, FAULTY)
    found = as_json(capsys, "items", "latest", "--faults", "--sort", "faults")
    assert [item["id"] for item in found] == ["p3", "p4", "p1"]
    (run,) = found[0]["runs"].values()
    assert run["faults"] == {"copied": "the source", "english": "the"}
    found = as_json(capsys, "items", "latest", "--faults", "copied", "--direction", "to-modern")
    assert [item["id"] for item in found] == ["p1"]
    _, out, _ = run_command(capsys, "items", "latest")
    assert "copy, English" in out
    status, _, err = run_command(capsys, "items", "latest", "--faults", "nonsense")
    assert (status, "no kind of fault 'nonsense'; there are: empty, cut" in err) == (2, True)


@pytest.mark.parametrize("columns", [60, 80, 160])
def test_with_ids_as_long_as_the_courses_a_line_fits_the_terminal(
    capsys: pytest.CaptureFixture[str], root: Path, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    long = "學而時習之" * 20
    _written(root, [
        line(n, 5.0, id=f"{n}fb7d211-978f-41c8-a3ab-e51d9df06280", chrf=20.0,
             faults={"copied": "x", "simplified": "x"}, instruction=f"翻譯成現代文：\n{long}")
        for n in range(3)
    ])  # fmt: skip
    monkeypatch.setattr("engine.cli.table._room", lambda: columns)
    _, out, _ = run_command(capsys, "items", "latest")
    lines = out.splitlines()
    assert max(map(width, lines)) <= columns
    assert lines[2].startswith("0fb7d211  ")
    assert "copy, Simplified" in lines[2]
    assert "學而時" in lines[2]
