"""Two runs compared item by item: differences, intervals, p, and what else must be said."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from commands import as_json, run_command
from samples import make_run, score, tiny

from engine.language.errors import RunError
from engine.run import events
from engine.run.folder import Run
from engine.run.judgement import Measure
from engine.scores import comparison
from engine.scores.perplexity import of_sample
from engine.scores.resampling import Median, mean
from engine.scores.result_lines import SampleResult

DEFINITION = {"base": "nf4 double", "cut at": "1024 tokens", "prompt": "a1", "examples": "0"}
FILE = "evaluations/test.jsonl"


def item(number: int, perplexity: float = 10.0, **changes: Any) -> SampleResult:
    tokens = changes.pop("tokens", 20)
    ask = "翻譯成現代文：" if number % 2 else "翻譯成文言文："
    values: dict[str, Any] = {
        "reference": f"這是第{number}個句子的譯文，很長很長。",
        "output": f"此第{number}句之譯也，甚長甚長。",
        **changes,
    }
    return SampleResult(
        id=f"p{number}",
        direction="to_modern" if number % 2 else "to_classical",
        perplexity=perplexity,
        nll=math.log(perplexity) * tokens,
        tokens=tokens,
        instruction=f"{ask}\n第{number}句",
        **values,
    )


def run_of(
    root: Path,
    name: str,
    results: Sequence[SampleResult],
    definition: dict[str, str] | None = None,
    **settings: Any,
) -> Run:
    run = make_run(
        root,
        events.Started(),
        events.Evaluated(
            part="test", score=score(), file=FILE, definition={**DEFINITION, **(definition or {})}
        ),
        events.Finished(score=score(), file=FILE),
        run_id=f"20260101-120000-{name}",
        **settings,
    )
    run.evaluations_path.mkdir()
    (run.folder / FILE).write_bytes(msgspec.json.Encoder().encode_lines(list(results)))
    return run


def lines_of(compared: comparison.Comparison, part: str = "all") -> dict[str, comparison.Line]:
    return {line.name: line for line in compared.parts[part]}


def test_a_run_does_not_differ_from_itself(root: Path) -> None:
    run = run_of(root, "a", [item(n, 5 + n) for n in range(12)])
    compared = comparison.compare(run, run)
    assert compared.items == 12
    assert set(compared.parts) == {"all", "to_modern", "to_classical"}
    assert set(lines_of(compared)) == {"perplexity", "corpus", "median", "bleu", "chrf"}
    for lines in compared.parts.values():
        for line in lines:
            assert (line.difference.value, line.difference.low, line.difference.high) == (0, 0, 0)
            assert line.p in (1.0, None)
    assert compared.split == comparison.Split(0, 0, 12, 1.0, 0)
    assert compared.cautions == []


def test_a_run_that_is_better_everywhere_is_so_beyond_doubt(root: Path) -> None:
    one = run_of(root, "a", [item(n, 5 + n, output=f"這是第{n}個句子。") for n in range(20)])
    other = run_of(root, "b", [item(n, 9 + n, output="之乎者也") for n in range(20)])
    compared = comparison.compare(one, other)
    lines = lines_of(compared)
    assert lines["perplexity"].difference.value == pytest.approx(-4)
    assert lines["perplexity"].difference.high < 0
    assert lines["perplexity"].p is not None
    assert lines["perplexity"].p < 0.001
    assert lines["bleu"].difference.low > 0
    assert lines["chrf"].p is not None
    assert lines["chrf"].p < 0.01
    assert compared.split is not None
    assert (compared.split.better, compared.split.worse, compared.split.ruling) == (20, 0, 10)


def test_a_mean_that_one_sample_rules_is_seen_through(root: Path) -> None:
    """Better by far in the mean, through a single item; worse on nearly all."""
    one = run_of(root, "a", [item(n, 12.0) for n in range(20)])
    other = run_of(root, "b", [item(n, 900.0 if n == 7 else 10.0) for n in range(20)])
    compared = comparison.compare(one, other)
    lines = lines_of(compared)
    assert lines["perplexity"].difference.value < -40
    assert lines["perplexity"].difference.high > 0
    assert lines["perplexity"].p is not None
    assert lines["perplexity"].p > 0.5
    assert lines["median"].difference.value == pytest.approx(2)
    assert compared.split is not None
    assert (compared.split.better, compared.split.worse, compared.split.ruling) == (1, 19, 1)
    assert compared.split.p < 0.001


def test_of_files_that_differ_the_common_items_are_compared(root: Path) -> None:
    one = run_of(root, "a", [item(n, 5) for n in range(10)])
    moved = [msgspec.structs.replace(item(n, 6), id=f"x{n}") for n in range(14, 4, -1)]
    compared = comparison.compare(one, run_of(root, "b", moved))
    assert compared.items == 5
    assert lines_of(compared)["perplexity"].difference.value == pytest.approx(-1)
    assert compared.cautions == [
        "the files differ: compared on the 5 items that both have, of 10 and 10"
    ]


def test_items_that_occur_twice_are_paired_one_by_one(root: Path) -> None:
    one = run_of(root, "a", [item(1, 5), item(1, 7), item(2, 5)])
    other = run_of(root, "b", [item(1, 6), item(1, 8)])
    compared = comparison.compare(one, other)
    assert compared.items == 2
    assert lines_of(compared)["perplexity"].difference.value == pytest.approx(-1)


def test_runs_without_common_items_or_results_are_not_compared(root: Path) -> None:
    one, other = run_of(root, "a", [item(1)]), run_of(root, "b", [item(2)])
    with pytest.raises(RunError, match="no items in common"):
        comparison.compare(one, other)
    (other.folder / FILE).unlink()
    with pytest.raises(RunError, match=r"test\.jsonl: cannot be read"):
        comparison.compare(one, other)
    with pytest.raises(RunError, match="has no results to compare yet"):
        comparison.compare(one, make_run(root, run_id="c"))


def test_a_prompt_may_differ_and_all_else_that_does_is_said(root: Path) -> None:
    one = run_of(root, "a", [item(1), item(2)])
    prompted = run_of(root, "b", [item(1), item(2)], {"prompt": "b2", "examples": "4"})
    assert comparison.compare(one, prompted).cautions == []
    other = run_of(root, "c", [item(1), item(2)], {"base": "unquantised", "cut at": "9 tokens"})
    assert comparison.compare(one, other).cautions == [
        "base differs: nf4 double | unquantised",
        "cut at differs: 1024 tokens | 9 tokens",
    ]


def test_a_checkpoint_chosen_on_the_test_file_is_spoken_of(root: Path) -> None:
    peeking = msgspec.structs.replace(
        tiny(), evaluation=msgspec.structs.replace(tiny().evaluation, choose_by="test")
    )
    one = run_of(root, "a", [item(1), item(2)], profile=peeking)
    (caution,) = comparison.compare(run_of(root, "b", [item(1), item(2)]), one).cautions
    assert str(caution).startswith(f"the checkpoint of {one.id} was chosen on the test file")


def test_another_tokenizer_is_said_and_perplexity_a_character_shown(root: Path) -> None:
    other_model = msgspec.structs.replace(
        tiny(), model=msgspec.structs.replace(tiny().model, path="owner/other")
    )
    one = run_of(root, "a", [item(1, 5), item(2, 5)])
    # The same probability of every answer, spread over twice the tokens.
    spread = [item(n, math.sqrt(5), tokens=40) for n in (1, 2)]
    compared = comparison.compare(one, run_of(root, "b", spread, profile=other_model))
    assert f"the base models differ: {tiny().model.path} | owner/other" in compared.cautions
    assert any(
        str(caution).startswith("2 items have other numbers") for caution in compared.cautions
    )
    lines = lines_of(compared)
    assert lines["corpus"].one == pytest.approx(5)
    assert lines["corpus"].other == pytest.approx(math.sqrt(5))
    assert lines["per character"].difference.value == pytest.approx(0, abs=1e-9)
    assert lines["per character"].one == pytest.approx(
        of_sample(20 * math.log(5), len(item(1).reference) + 1)
    )


def test_without_translations_no_numpy_is_asked_for(root: Path) -> None:
    one = run_of(root, "a", [item(1), item(2)])
    compared = comparison.compare(one, one, translations=False)
    assert set(lines_of(compared)) == {"perplexity", "corpus", "median"}
    untranslated = run_of(root, "b", [item(1, output=None), item(2)])
    assert set(lines_of(comparison.compare(one, untranslated))) == {
        "perplexity",
        "corpus",
        "median",
    }


def test_the_command_prints_the_comparison_of_exactly_two_runs(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    one = run_of(root, "a", [item(n, 5 + n) for n in range(8)])
    other = run_of(root, "b", [item(n, 9 + n) for n in range(8)], {"base": "int8"})
    status, out, _ = run_command(capsys, "compare", one.id, other.id)
    assert status == 0
    assert "on 8 common items: so few that their intervals are too narrow" in out
    assert "! base differs: nf4 double | int8" in out
    line = next(line for line in out.splitlines() if line.startswith("all    perplexity, mean"))
    assert line.split()[3:] == ["8.50", "12.50", "−4.00", "−4.00", "…", "−4.00", "0.008", "A"]
    assert "A has the lower perplexity on 8 items (100 %), B on 0 (0 %); p 0.008" in out
    assert "4 items make half of the difference of the means" in out
    _, out, _ = run_command(capsys, "compare")
    assert "common items" not in out
    data = as_json(capsys, "compare", one.id, other.id)
    assert [row["id"] for row in data["runs"]] == [one.id, other.id]
    assert data["paired"]["split"]["better"] == 8
    assert data["paired"]["parts"]["all"][0]["name"] == "perplexity"


def test_two_runs_that_cannot_be_compared_by_item_still_stand_side_by_side(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    one, other = run_of(root, "a", [item(1)]), run_of(root, "b", [item(2)])
    status, out, _ = run_command(capsys, "compare", one.id, other.id)
    assert status == 0
    assert f"! Not compared item by item: {one.id} and {other.id} have no items in common" in out
    data = as_json(capsys, "compare", one.id, other.id)
    assert data["paired"] is None
    assert "no items in common" in data["why"]
    assert json.dumps(data, allow_nan=False)


@pytest.mark.parametrize(
    ("name", "low", "high", "better"),
    [
        ("perplexity", 0.5, 2.0, "B"),
        ("perplexity", -2.0, -0.5, "A"),
        ("bleu", 0.5, 2.0, "A"),
        ("bleu", -2.0, -0.5, "B"),
        ("perplexity", -1.0, 1.0, ""),
        ("perplexity", 0.0, 1.0, ""),
        ("perplexity", -1.0, 0.0, ""),
        ("perplexity", math.nan, math.nan, ""),
        ("bleu", math.nan, math.nan, ""),
    ],
)
def test_a_run_is_better_where_the_interval_holds_no_zero(
    name: str, low: float, high: float, better: str
) -> None:
    line = comparison.Line(name, 1.0, 2.0, Measure(-1.0, low, high))
    assert line.better == better


@pytest.mark.parametrize(("value", "shown"), [(0.5, "+0.50"), (0.0, "0.00"), (-0.5, "−0.50")])
def test_a_difference_is_shown_with_its_sign(value: float, shown: str) -> None:
    cells = comparison.Line("bleu", 1.0, 2.0, Measure(value, -1.0, 0.25), 0.5).cells()
    assert cells[2:4] == [shown, "−1.00 … +0.25"]


def test_a_run_that_only_translates_is_held_against_the_other_by_its_outputs(root: Path) -> None:
    scored = run_of(root, "a", [item(n, 5) for n in range(6)])
    silent = [msgspec.structs.replace(item(n), tokens=0, nll=None) for n in range(6)]
    translating = run_of(root, "b", silent)
    for one, other in ((scored, translating), (translating, scored)):
        compared = comparison.compare(one, other)
        assert set(lines_of(compared)) == {"bleu", "chrf"}
        assert compared.split is None


def test_one_item_of_another_length_is_enough_for_scores_by_character(root: Path) -> None:
    one = run_of(root, "a", [item(n, 5) for n in range(6)])
    other = run_of(root, "b", [item(n, 5, tokens=21 if n == 3 else 20) for n in range(6)])
    assert "per character" not in lines_of(comparison.compare(one, one))
    assert "per character" in lines_of(comparison.compare(one, other))


def test_the_files_of_both_are_counted_and_the_signatures_kept(root: Path) -> None:
    one = run_of(root, "a", [item(n, 5) for n in range(9)])
    other = run_of(root, "b", [item(n, 5) for n in range(3, 10)])
    compared = comparison.compare(one, other)
    assert compared.cautions == [
        "the files differ: compared on the 6 items that both have, of 9 and 7"
    ]
    assert "tok:zh" in compared.definition["BLEU"]


def test_the_references_of_the_first_run_are_those_of_both(root: Path) -> None:
    one = run_of(root, "a", [item(n, 5) for n in range(4)])
    other = run_of(root, "b", [item(n, 5, repaired=item(n).output or "") for n in range(4)])
    line = lines_of(comparison.compare(one, other))["bleu"]
    assert line.one == line.other < 100


def test_items_are_counted_by_which_run_is_better_however_little(root: Path) -> None:
    one = run_of(root, "a", [item(n, 5.0) for n in range(6)])
    other = run_of(root, "b", [item(n, 5 + gap) for n, gap in enumerate((0.5, 0.5, -0.3, 0, 0, 0))])
    split = comparison.compare(one, other).split
    assert split is not None
    assert (split.better, split.worse, split.equal, split.ruling) == (2, 1, 3, 1)
    turned = comparison.compare(other, one).split
    assert turned is not None
    assert (turned.better, turned.worse, turned.equal, turned.ruling) == (1, 2, 3, 1)


def test_a_median_is_not_tested() -> None:
    values = [float(number) for number in range(9)]
    assert comparison.line("median", Median(tuple(values)), Median(tuple(values))).p is None
    assert comparison.line("perplexity", mean(values), mean(values)).p == 1.0
    assert comparison.line("median", mean(values), Median(tuple(values))).p is None
