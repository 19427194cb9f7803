"""Runs side by side: scores with the base and the copied source, and only what differs."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import pytest
from commands import as_json, run_command
from samples import TEST_FILE, make_run, score, tiny

from engine.profile.schema import FewShot
from engine.run import events
from engine.run.events import Judged
from engine.run.judgement import Judgement, Measure
from engine.run.settings import DataFile
from engine.table import differences, side_by_side
from engine.table.catalog import Catalog
from engine.table.columns import COLUMNS
from engine.table.row_facts import strategy_of


def scored(root: Path, day: int, perplexity: float, strategy: str = "qlora", **more: object) -> str:
    judged = Judged(part="test", judgement=Judgement(
        samples=84, bleu=Measure(20.0), chrf=Measure(30.0), source_bleu=Measure(5.0),
        source_chrf=Measure(9.0)))  # fmt: skip
    run = make_run(
        root,
        events.Evaluated(part="test", score=score(perplexity)),
        judged,
        events.Finished(),
        run_id=f"2026010{day}-120000-{strategy}",
        strategy=strategy,
        job="train" if strategy == "qlora" else "evaluate",
        **more,  # type: ignore[arg-type]
    )
    return run.id


def test_scores_stand_beside_those_of_the_base_and_of_the_copied_source(root: Path) -> None:
    scored(root, 1, 10.0)
    scored(root, 2, 20.0, "few-shot")
    scored(root, 3, 50.0, "zero-shot")
    scored(root, 4, 40.0, "zero-shot")
    other_file = {"test": DataFile(str(TEST_FILE), "1" * 64, 84)}
    scored(root, 5, 1.0, "zero-shot", data=other_file)
    everything = Catalog(root).rows()
    rows = side_by_side.ranked(row for row in everything if row.run.id[7] in "12")
    table = side_by_side.scores(rows, everything)
    assert [(line[0], line[1], line[2], line[3]) for line in table.lines] == [
        ("1", "qlora", "10.00", "1.00×"),
        ("2", "few-shot 4", "20.00", "2.00×"),
        ("–", "base, zero-shot", "40.00", "4.00×"),
        ("–", "copy the source", "–", "–"),
    ]
    assert table.lines[-1][-2:] == ["5.0", "9.0"]
    assert "| 1 | qlora | 10.00 |" in table.markdown()
    assert side_by_side.cautions(rows) == []


def test_runs_on_other_files_or_models_are_cautioned_about(root: Path) -> None:
    scored(root, 1, 10.0, data={"test": DataFile("x", "1" * 64, 84)})
    model = msgspec.structs.replace(tiny().model, path="/elsewhere")
    scored(root, 2, 10.0, profile=msgspec.structs.replace(tiny(), model=model))
    said = " ".join(map(str, side_by_side.cautions(Catalog(root).rows())))
    assert "2 different test files" in said
    assert "2 different base models" in said


def test_a_run_without_a_score_comes_last_and_breaks_nothing(root: Path) -> None:
    make_run(root, run_id="20260109-120000-none")
    scored(root, 1, math.inf)
    rows = side_by_side.ranked(Catalog(root).rows())
    table = side_by_side.scores(rows)
    assert [line[table.header.index("ppl")] for line in table.lines[:2]] == ["∞", "–"]
    assert "文→白" not in table.header, "a column in which nothing stands takes no room"


def test_only_settings_that_differ_are_listed(root: Path) -> None:
    lora = msgspec.structs.replace(tiny().lora, rank=64)
    scored(root, 1, 10.0)
    scored(
        root,
        2,
        10.0,
        profile=msgspec.structs.replace(tiny(), lora=lora),
        data={"test": DataFile(str(TEST_FILE), "1" * 64, 84)},
    )
    found = {one.key: one.values for one in differences.between(Catalog(root).rows())}
    assert set(found) == {"lora.rank", "data.test"}
    assert found["lora.rank"] == ("64", str(tiny().lora.rank))
    assert "111111111111" in found["data.test"][0]


@pytest.mark.parametrize(
    ("few_shot", "words"),
    [
        (FewShot(), "few-shot 4"),
        (FewShot(examples=8, choose="nearest"), "few-shot 8 nearest"),
        (FewShot(direction="same"), "few-shot 4 same"),
        (FewShot(choose="nearest", direction="same"), "few-shot 4 nearest same"),
        (FewShot(choose="ids", ids=("a", "b"), direction="same"), "few-shot 2 ids"),
        (FewShot(examples=0), "few-shot"),
    ],
)
def test_a_strategy_is_told_with_its_examples(root: Path, few_shot: FewShot, words: str) -> None:
    scored(root, 1, 10.0, "few-shot", profile=msgspec.structs.replace(tiny(), few_shot=few_shot))
    (row,) = Catalog(root).rows()
    assert strategy_of(row) == words
    assert COLUMNS["strategy"].value(row) == "few-shot"


def test_named_examples_differ_by_their_names_not_by_an_unused_number(root: Path) -> None:
    for day, few_shot in (
        (1, FewShot(choose="ids", ids=("a", "b"))),
        (2, FewShot(examples=2, choose="ids", ids=("a", "c"))),
    ):
        scored(
            root, day, 10.0, "few-shot", profile=msgspec.structs.replace(tiny(), few_shot=few_shot)
        )
    found = {one.key for one in differences.between(Catalog(root).rows())}
    assert found == {"few_shot.ids"}


def test_the_command_tells_the_differences(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    scored(root, 1, 10.0)
    scored(root, 2, 10.0, "few-shot")
    assert set(as_json(capsys, "diff", "qlora", "few-shot")) == {"job", "strategy"}
    status, out, _ = run_command(capsys, "diff", "qlora", "few-shot")
    assert (status, "strategy" in out) == (0, True)
    status, _, err = run_command(capsys, "diff", "qlora", "qlora")
    assert (status, "two runs or more" in err) == (2, True)
