"""Which items two runs have in common, and why their numbers may not be comparable."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from samples import make_run, score, tiny

from engine.profile.schema import Profile
from engine.run import events
from engine.scores import comparability
from engine.scores.comparability import Side
from engine.scores.result_lines import SampleResult

ITEM = SampleResult("a", "to_modern", 2.0, 7.0, 10, "問", "答", output="答")
OTHER = msgspec.structs.replace(ITEM, id="b", instruction="何")


def side(
    root: Path,
    name: str,
    results: list[SampleResult],
    whole_file: int = 2,
    definition: dict[str, str] | None = None,
    profile: Profile | None = None,
) -> Side:
    done = events.Evaluated(part="test", score=score(), definition=definition or {})
    run = make_run(root, done, events.Finished(), run_id=name, profile=profile)
    return Side(run, run.summary(), results, whole_file)


def said(one: Side, other: Side) -> list[str]:
    return [str(caution) for caution in comparability.cautions(one, other)]


def changed(**fields: object) -> list[SampleResult]:
    """Two items, the second of them with something else."""
    return [ITEM, msgspec.structs.replace(OTHER, **fields)]


def test_a_side_is_scored_and_translated_where_every_item_is(root: Path) -> None:
    whole = side(root, "a", changed())
    assert (whole.is_scored, whole.is_translated) == (True, True)
    assert not side(root, "b", changed(tokens=0)).is_scored
    assert not side(root, "c", changed(output=None)).is_translated


def test_the_common_items_are_those_of_both_in_the_order_of_the_first() -> None:
    third = msgspec.structs.replace(ITEM, id="c", instruction="誰")
    first, second = comparability.common([ITEM, OTHER], [third, OTHER, ITEM])
    assert [one.id for one in first] == [one.id for one in second] == ["a", "b"]


def test_items_of_other_lengths_are_counted_one_by_one(root: Path) -> None:
    one, other = side(root, "a", changed()), side(root, "b", changed(tokens=11))
    assert comparability.differing_tokens(one, one) == 0
    assert comparability.differing_tokens(one, other) == 1
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        comparability.differing_tokens(one, side(root, "c", [ITEM]))


def test_of_two_that_are_alike_nothing_is_said(root: Path) -> None:
    assert said(side(root, "a", changed()), side(root, "b", changed())) == []


@pytest.mark.parametrize(("first", "second"), [(2, 5), (5, 2), (4, 5)])
def test_files_that_differ_are_told_with_the_items_of_each(
    root: Path, first: int, second: int
) -> None:
    found = said(side(root, "a", changed(), first), side(root, "b", changed(), second))
    assert found == [
        "the files differ: compared on the 2 items that both have, "
        f"of {first} and {second}"
    ]  # fmt: skip


def test_other_tokens_are_told_only_where_both_were_scored(root: Path) -> None:
    one = side(root, "a", changed())
    assert "1 item has another number" in said(one, side(root, "b", changed(tokens=11)))[0]
    assert said(one, side(root, "c", changed(tokens=0))) == []
    assert said(side(root, "d", changed(tokens=0)), one) == []


def test_another_model_is_told(root: Path) -> None:
    model = msgspec.structs.replace(tiny().model, path="/elsewhere")
    other = side(root, "b", changed(), profile=msgspec.structs.replace(tiny(), model=model))
    (found,) = said(side(root, "a", changed()), other)
    assert found == f"the base models differ: {tiny().model.path} | /elsewhere"


def test_of_two_definitions_all_that_differs_is_told_but_what_strategies_differ_in(
    root: Path,
) -> None:
    base = {"base": "nf4", "prompt": "a1", "corpus": "x", "examples": "0"}
    one = side(root, "a", changed(), definition=base)
    other = {"base": "int8", "prompt": "b2", "corpus": "y", "examples": "4", "engine": "fast"}
    assert said(one, side(root, "b", changed(), definition=other)) == [
        "base differs: nf4 | int8",
        "engine differs: not said | fast",
    ]
    assert said(one, side(root, "c", changed())) == [], "of an older version"


def test_one_other_second_reference_is_enough_to_be_told(root: Path) -> None:
    found = said(side(root, "a", changed()), side(root, "b", changed(repaired="荅")))
    assert found == ["the second references differ; those of a are used"]
