"""The query language: what finds which runs, and what is said of a query that says nothing."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from commands import as_json, run_command
from samples import make_run, score, tiny

from engine.run import events, notes
from engine.run.notes import Notes
from engine.table import query
from engine.table.catalog import Catalog, Row
from engine.table.field_tests import QueryError


@pytest.fixture
def rows(root: Path) -> list[Row]:
    """Four runs: a good and a failed QLoRA one, a few-shot one, one of another model."""
    end = events.Finished(at=1300.0, score=score(8.7))
    good = make_run(root, events.Started(at=1000.0, steps=9), end, run_id="20260101-120000-good")
    notes.change(good.folder, lambda _: Notes("second try", ("final", "文言"), "lower rank, 更好"))
    make_run(root, events.Failed(type="X", message="lost"), run_id="20260102-120000-bad")
    make_run(
        root,
        events.Started(at=0.0),
        events.Finished(at=9000.0, score=score(37.0)),
        run_id="20260103-120000-few",
        strategy="few-shot",
        job="evaluate",
    )
    lora = msgspec.structs.replace(tiny().lora, rank=64)
    other = msgspec.structs.replace(tiny(), name="gemma", lora=lora)
    make_run(root, run_id="20260104-120000-other", profile=other)
    return Catalog(root).rows()


def found(rows: list[Row], text: str) -> list[str]:
    return [row.run.id[16:] for row in query.parse(text).matching(rows)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "other few bad good"),
        ("QLORA tiny", "bad good"),
        ("strategy:qlora ppl<20", "good"),
        ("ppl>=8.7 ppl<=37", "few good"),
        ("!ppl<20", "other few bad"),
        ("tag:final", "good"),
        ("tag=fin", ""),
        ("tag:文言 second", "good"),
        ('note:"lower rank"', "good"),
        ("更好", "good"),
        ("status:failed,finished", "few bad good"),
        ("!status:failed strategy:qlora", "other good"),
        ("status!=failed", "other few good"),
        ("time<10m", "good"),
        ("time>2h", "few"),
        ("lora.rank>32", "other"),
        ("quantization.method=nf4 quantization.double:true", "other few bad good"),
        ("id>20260102", "other few bad"),
        ("profile=gemma", "other"),
        ("message:lost", "bad"),
        ("job:evaluate", "few"),
        ("zzz", ""),
        ("status:fail", "bad"),
        ('strategy="few-shot eval"', ""),
        ("time=300s", "good"),
        ("time=5m", "good"),
        ("time=2.5h", "few"),
        ("time=0.10416666666666667d", "few"),
        ("ppl<8.7", ""),
        ("ppl<=8.7", "good"),
        ("ppl>37", ""),
        ("ppl=9", ""),
        ("ppl=8.7", "good"),
    ],
)
def test_terms_find_what_they_say(rows: list[Row], text: str, expected: str) -> None:
    assert found(rows, text) == expected.split()


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("tiny ppl<abc", 6, "ppl is a number, and 'abc' is none"),
        ("stratgy:qlora", 1, "did you mean 'strategy'"),
        ("x lora.rnk>3", 3, "did you mean 'lora.rank'"),
        ("strategy:qlra", 1, "strategy is never 'qlra'; did you mean 'qlora'"),
        ("!status:finnished", 1, "did you mean 'finished'"),
        ("ppl<", 1, "ppl< needs a value after it"),
        ('name:"open', 1, "a quotation mark is missing"),
        ("a !", 3, "! needs a term after it"),
        ("ppl<3,4", 1, "ppl< takes one value, not 2"),
        ("model.nowhere:1", 1, "is no setting"),
        ("\x1b[31m:x", None, ""),
    ],
)
def test_a_query_that_says_nothing_definite_is_refused_with_its_place(
    rows: list[Row], text: str, place: int | None, words: str
) -> None:
    if place is None:
        assert found(rows, text) == []  # only words that occur nowhere
        return
    with pytest.raises(QueryError) as refused:
        query.parse(text)
    assert str(refused.value).startswith(f"character {place}: ")
    assert words in str(refused.value)


def test_the_command_finds_sorts_and_prints(
    capsys: pytest.CaptureFixture[str], rows: list[Row]
) -> None:
    ids = [row["id"][16:] for row in as_json(capsys, "runs", "ppl<100", "--sort", "ppl")]
    assert ids == ["good", "few"]
    status, out, _ = run_command(
        capsys, "runs", "tag:final", "--csv", "--columns", "id,ppl,name,loss"
    )
    assert (status, out.splitlines()) == (
        0,
        ["id,perplexity,name,loss", "20260101-120000-good,8.7,second try #final #文言,"],
    )
    status, out, _ = run_command(
        capsys, "runs", "ppl<100", "--markdown", "--columns", "id,ppl", "--sort", "ppl", "--reverse"
    )
    assert out.splitlines() == [
        "| id | ppl |",
        "| --- | ---: |",
        "| 20260103-120000-few | 37.00 |",
        "| 20260101-120000-good | 8.70 |",
    ]
    status, _, err = run_command(capsys, "runs", "pplx<3")
    assert status == 2
    assert "did you mean 'ppl'" in err
    status, out, _ = run_command(capsys, "runs", "nowhere")
    assert out == "None of 4 runs is found by: nowhere\n"
    status, _, err = run_command(capsys, "runs", "--sort", "stat")
    assert (status, "did you mean 'status'" in err) == (2, True)
