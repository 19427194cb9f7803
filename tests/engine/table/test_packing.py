"""Packed summaries: small, and all that the table shows comes back."""

from __future__ import annotations

import pytest
from samples import ENDED, judged, score, step

from engine.run import events
from engine.run.events import Event
from engine.run.summary import Summary
from engine.table.packing import check_all_is_told, pack, unpack

MEASURES = ("bleu", "chrf", "source_bleu", "source_chrf")
SCORED = events.Evaluated(
    part="test",
    score=score(),
    directions={"to_modern": score(9.0), "to_classical": score(16.0)},
    definition={"metric": "macro", "base": "nf4"},
    file="evaluations/test.jsonl",
    at=1050.0,
)


def folded(*given: Event) -> Summary:
    summary = Summary()
    for event in given:
        summary.apply(event)
    return summary


def test_what_has_no_result_comes_back_as_it_was() -> None:
    for given in ((), (events.Started(), step(3)), (events.Failed(type="X", message="no"),)):
        summary = folded(*given)
        assert repr(unpack(pack(summary))) == repr(summary)  # nan is not equal to nan


def test_a_result_comes_back_without_definitions_intervals_and_faults() -> None:
    summary = folded(events.Started(), SCORED, judged(22.0), events.Finished(score=score()))
    found = unpack(pack(summary))
    assert (found.score, found.directions) == (summary.score, summary.directions)
    assert (found.status, found.results_file) == (summary.status, "evaluations/test.jsonl")
    assert found.definition == {}
    assert found.judgement is not None
    values = [getattr(found.judgement, name) for name in MEASURES]
    assert [measure.value for measure in values] == [22.0, 20.5, 8.5, 11.5]
    assert found.judgement.faults == {}


def test_a_packed_result_is_small() -> None:
    assert len(pack(folded(*ENDED, SCORED, judged(), events.Finished(score=score())))) < 400


def test_a_number_that_was_forgotten_is_an_error() -> None:
    class WithMore(events.Judged):
        rouge: float = 0.0

    with pytest.raises(TypeError, match="WithMore: kept or not\\? rouge"):
        check_all_is_told(WithMore, *events.Judged.__struct_fields__)
